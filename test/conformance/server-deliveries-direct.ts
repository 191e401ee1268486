import { RetryAfter } from "@taskwright/server";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { gated } from "./gated-handler.ts";
import { noting } from "./noting-handlers.ts";
import { NotingTracing } from "./noting-tracing.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a backend that only delivers promises. */
export const serverDeliveriesDirectSection: ConformanceSection<DeliveryBench> = {
  title: "servers: tasks that are delivered and kept nowhere",
  rows: ["delivery", "retries"],
  cases: [
    {
      name: "a task travels whole in its message and runs; its result cannot be read, with a word about it",
      needs: ["delivery"],
      run: async (bench) => {
        const ran: unknown[] = [];
        const server = bench.deploy({
          handlers: {
            mail: { send: ({ input, attempt }) => void ran.push([input, attempt.id, attempt.number]) },
          },
        });
        const result = await server.client.tasks.mail.send.enqueue({ n: 7 }, { tags: ["a"] });
        await bench.settle();
        expect(ran).toEqual([[{ n: 7 }, result.id, 1]]);
        expect(bench.answers).toMatchObject([{ status: 200, body: { status: "SUCCESSFUL" } }]);
        for (const read of [() => result.get(), () => result.status(), () => result.refresh()])
          await expect(read()).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
        await expect(server.client.results.list()).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
        expect(server.capabilities.default).toMatchObject({
          delivery: true,
          supportsGetResult: false,
          supportsPriority: false,
          leases: false,
        });
      },
    },
    {
      name: "retries come at the times of the policy, numbered by deliveries, until the task FAILED",
      needs: ["delivery"],
      run: async (bench) => {
        const attempts: number[] = [];
        const failures: string[] = [];
        const server = bench.deploy({
          handlers: {
            work: ({ attempt }) => {
              attempts.push(attempt.number);
              throw new Error("no luck");
            },
          },
          onFailed: ({ error }) => failures.push(error.message),
        });
        await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 2 });
        await bench.advance(25 * SECOND);
        expect(attempts).toEqual([1, 2, 3]);
        expect(failures).toEqual(["no luck"]);
        expect(bench.answers.map(({ status, retryAfter }) => [status, retryAfter])).toEqual([
          [503, 10],
          [503, 10],
          [489, null],
        ]);
      },
    },
    {
      name: "attempts are counted on through messages that were sent anew, so that retries end",
      needs: ["delivery"],
      run: async (bench) => {
        const attempts: number[] = [];
        const server = bench.deploy({
          handlers: {
            work: ({ attempt }) => {
              attempts.push(attempt.number);
              throw new RetryAfter("2d");
            },
          },
        });
        await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 2 });
        await server.client.tasks.work.enqueue({ n: 2 }, { maxRetries: 8, retryDelay: "10s" });
        await bench.advance(30 * DAY, 6 * HOUR);
        expect(attempts.filter((number) => number <= 3)).toHaveLength(6);
        expect(Math.max(...attempts)).toBe(9);
        expect(bench.answers.filter(({ status }) => status === 489)).toHaveLength(2);
        expect(bench.local.qstash.messages()).toEqual([]);
      },
    },
    {
      name: "what an enqueue's context says travels in the message, through retries and messages sent anew",
      needs: ["delivery"],
      run: async (bench) => {
        const tracing = new NotingTracing();
        const server = bench.deploy({
          tracing,
          handlers: {
            work: ({ attempt, input }) => {
              if (attempt.number === 3) return input;
              throw new RetryAfter(attempt.number === 1 ? "2d" : "10s");
            },
          },
        });
        await server.client.tasks.work.delay({ n: 1 });
        await bench.advance(3 * DAY, HOUR);
        const of = { of: "enqueue 1", isOneOfMany: false };
        expect(tracing.attempts).toEqual([
          { number: 1, ...of, outcome: "retrying" },
          { number: 2, ...of, outcome: "retrying" },
          { number: 3, ...of, outcome: "succeeded" },
        ]);
      },
    },
    {
      name: "two deliveries at once run once in one process, and one that is repeated gets the answer of its end",
      needs: ["delivery"],
      run: async (bench) => {
        const patient = gated();
        const server = bench.deploy({ handlers: { patient: patient.handler } });
        bench.answerInstead([504]);
        await server.client.tasks.patient.delay({ n: 1 });
        await bench.until(() => patient.calls() === 1);
        await bench.advance(15 * SECOND);
        expect(bench.answers).toMatchObject([{ status: 503, retryAfter: 30 }]);
        patient.open();
        await bench.host.settle();
        await bench.advance(MINUTE);
        expect(bench.answers.map(({ status }) => status)).toEqual([503, 200, 200]);
        expect(patient.calls()).toBe(1);
      },
    },
    {
      name: "a task for which this deploy has no handler stays with QStash until one has it",
      needs: ["delivery"],
      run: async (bench) => {
        const old = bench.deploySilent();
        await old.client.tasks.work.delay({ n: 3 });
        await bench.settle();
        expect(bench.answers).toMatchObject([{ status: 503, retryAfter: 300 }]);
        const { ran, work } = noting();
        bench.deploy({ handlers: { work } });
        await bench.advance(6 * MINUTE, 10 * SECOND);
        expect(ran).toEqual([3]);
      },
    },
    {
      name: "a delay beyond QStash's longest is waited out by further messages",
      needs: ["delivery"],
      run: async (bench) => {
        const attempts: number[] = [];
        const server = bench.deploy({
          handlers: { silent: ({ attempt }) => void attempts.push(attempt.number) },
        });
        await server.client.tasks.silent.enqueue(undefined, { countdown: "30d" });
        await bench.advance(29 * DAY, 6 * HOUR);
        expect(attempts).toEqual([]);
        await bench.advance(2 * DAY, 6 * HOUR);
        expect(attempts).toEqual([1]);
      },
    },
    {
      name: "cancel takes the message back, and a deduplication id is QStash's own",
      needs: ["delivery"],
      run: async (bench) => {
        const noted = noting();
        const server = bench.deploy({ handlers: { work: noted.work } });
        const { work } = server.client.tasks;
        const first = await work.enqueue({ n: 1 }, { countdown: "1m" });
        expect(await first.cancel()).toBe("cancelled");
        expect(bench.local.qstash.messages()).toEqual([]);
        await expect(first.cancel()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
        await work.enqueue({ n: 2 }, { deduplicationId: "once" });
        const again = await work.enqueue({ n: 3 }, { deduplicationId: "once" });
        expect(again.deduplicated).toBe(true);
        await bench.advance(2 * MINUTE);
        expect(noted.ran).toEqual([2]);
      },
    },
    {
      name: "what QStash does not take is not enqueued, and who enqueues is told",
      needs: ["delivery"],
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        bench.local.interfere = () => Response.error();
        await expect(work.delay({ n: 1 })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
        bench.local.interfere = () => new Response('{"error":"unauthenticated"}', { status: 401 });
        await expect(work.delay({ n: 1 })).rejects.toMatchObject({
          code: "BACKEND_UNAVAILABLE",
          message: expect.stringContaining("QSTASH_TOKEN"),
        });
        expect(bench.local.qstash.messages()).toEqual([]);
      },
    },
    {
      name: "schedules are QStash's alone: created, run, paused, deleted; there is nothing to sync",
      needs: ["delivery", "schedules"],
      run: async (bench) => {
        const { ran, work } = noting();
        const server = bench.deploy({ handlers: { work } });
        const { schedules } = server.client;
        const cron = "* * * * *";
        const { nextRunAt } = await schedules.create({ id: "a", task: "work", cron, input: { n: 4 } });
        const untilNext = (nextRunAt?.getTime() ?? 0) - bench.local.qstash.now().getTime();
        await bench.advance(untilNext + SECOND);
        expect(ran).toEqual([4]);
        expect(await schedules.get("a")).toMatchObject({ id: "a", input: { n: 4 }, isPaused: false });
        await schedules.pause("a");
        expect((await schedules.list()).schedules).toMatchObject([{ id: "a", isPaused: true }]);
        await bench.advance(2 * MINUTE);
        expect(ran).toEqual([4]);
        await schedules.resume("a");
        await bench.advance(MINUTE);
        expect(ran).toEqual([4, 4]);
        expect(bench.backend.schedules?.sync).toBeUndefined();
        expect(await schedules.delete("a")).toBe(true);
        await expect(schedules.get("a")).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
      },
    },
  ],
};
