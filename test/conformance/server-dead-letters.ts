import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import { NotingTracing } from "./noting-tracing.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The host answers deliveries of tasks with a status, and hands on what QStash says when it gives up. */
function failAtPlatform(bench: DeliveryBench, status = 500): void {
  const { platform } = bench.local;
  bench.local.platform = async (request) => {
    const isCallback = (await request.clone().text()).includes("sourceMessageId");
    return isCallback ? platform(request) : new Response("the platform's own page", { status });
  };
}

export const serverDeadLettersSection: ConformanceSection<DeliveryBench> = {
  title: "servers: deliveries that are given up",
  rows: ["delivery", "retries"],
  cases: [
    {
      name: "a task whose deliveries are given up is sent anew while it has retries, then FAILED with its dead letter",
      needs: ["delivery"],
      run: async (bench) => {
        const failures: string[] = [];
        const server = bench.deploy({ onFailed: ({ error }) => failures.push(error.message) });
        failAtPlatform(bench);
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 1 });
        await bench.advance(40 * MINUTE, 20 * SECOND);
        const between = await result.refresh();
        expect(between).toMatchObject({ status: "READY", attempts: 1 });
        expect(between.errors[0]?.message).toContain("the last of which was answered with status 500");
        expect(bench.local.qstash.messages()).toHaveLength(1);
        await bench.advance(40 * MINUTE, 20 * SECOND);
        const ended = await result.refresh();
        const [first, second] = bench.local.qstash.dlq();
        expect(ended).toMatchObject({ status: "FAILED", attempts: 2 });
        expect(ended.errors.map(({ message }) => message)).toEqual([
          expect.stringContaining(String(first?.dlqId)),
          expect.stringContaining(String(second?.dlqId)),
        ]);
        expect(failures).toHaveLength(1);
        expect(bench.local.qstash.messages()).toEqual([]);
      },
    },
    {
      name: "giving up that is told twice counts once",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.deploy();
        failAtPlatform(bench);
        const { platform } = bench.local;
        let callbacks = 0;
        bench.local.platform = async (request) => {
          const isCallback = (await request.clone().text()).includes("sourceMessageId");
          const answer = await platform(request);
          return isCallback && callbacks++ === 0 ? new Response(null, { status: 502 }) : answer;
        };
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 5 });
        await bench.advance(40 * MINUTE, 20 * SECOND);
        expect(callbacks).toBe(2);
        expect(await result.refresh()).toMatchObject({ status: "READY", attempts: 1 });
        expect(bench.local.qstash.messages()).toHaveLength(1);
      },
    },
    {
      name: "an end that was given up, as its answer was lost, stays that end",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.deploy();
        const { platform } = bench.local;
        bench.local.platform = async (request) => {
          const isCallback = (await request.clone().text()).includes("sourceMessageId");
          const answer = await platform(request);
          return isCallback ? answer : new Response(null, { status: 502 });
        };
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.advance(40 * MINUTE, 20 * SECOND);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
        expect(bench.answers.at(-1)).toMatchObject({ status: 200, body: { status: "SUCCESSFUL" } });
      },
    },
    {
      name: "dead letters are listed, read, sent anew with all retries, and deleted",
      needs: ["delivery"],
      run: async (bench) => {
        const { deadLetters } = bench.local.backend;
        let isLucky = false;
        const tracing = new NotingTracing();
        const server = bench.deploy({
          tracing,
          handlers: {
            work: ({ input }) => {
              if (isLucky) return input;
              throw new Error("no luck");
            },
          },
        });
        const { work, silent } = server.client.tasks;
        const [one, two] = await work.using({ maxRetries: 0 }).enqueueMany([{ n: 1 }, { n: 2 }]);
        await silent.delay();
        await bench.settle();
        const { deadLetters: letters, nextCursor } = await deadLetters.list({ task: "work" });
        expect(nextCursor).toBeNull();
        expect(letters.map(({ taskId }) => taskId).sort()).toEqual([one?.id, two?.id].sort());
        expect(letters[0]).toMatchObject({ path: "work", status: 489, scheduleId: null });
        expect((await deadLetters.list({ task: "silent" })).deadLetters).toEqual([]);
        const letter = letters.find(({ taskId }) => taskId === one?.id);
        const other = letters.find(({ taskId }) => taskId === two?.id);
        if (letter === undefined || other === undefined) throw new Error("They are not listed.");
        expect(await deadLetters.get(letter.id)).toEqual(letter);
        isLucky = true;
        await deadLetters.redrive(letter.id);
        // A redrive goes by the machine's clock, which may be ahead of the case's by now.
        await bench.advance(MINUTE);
        expect(await one?.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 2 });
        expect(tracing.attempts.at(-1)).toMatchObject({ number: 2, of: "enqueue 1", isOneOfMany: true });
        expect(await deadLetters.delete(other.id)).toBe(true);
        expect(await deadLetters.delete(other.id)).toBe(false);
        expect(await deadLetters.get(letter.id)).toBeNull();
        await expect(deadLetters.redrive(letter.id)).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
        expect(await two?.status()).toBe("FAILED");
      },
    },
    {
      name: "a task that was given up while the app was away for hours, its callbacks with it, is sent anew by a relay",
      needs: ["delivery"],
      run: async (bench) => {
        const server = bench.deploy();
        const { platform } = bench.local;
        const ended = await server.client.tasks.work.delay({ n: 0 });
        await bench.advance(MINUTE, 20 * SECOND);
        bench.local.platform = async () => new Response("away", { status: 503 });
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.advance(3 * HOUR, MINUTE);
        expect(await result.refresh()).toMatchObject({ status: "READY", attempts: 0 });
        expect(bench.local.qstash.messages()).toEqual([]);
        expect(bench.local.qstash.dlq().length).toBeGreaterThan(0);
        bench.local.platform = platform;
        expect(await server.executor.relay()).toBe(1);
        expect(await server.executor.relay()).toBe(0);
        await bench.advance(MINUTE, 20 * SECOND);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
        expect(await ended.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
      },
    },
    {
      name: "a dead letter whose callbacks were lost too is the way back for its task",
      needs: ["delivery"],
      run: async (bench) => {
        const { deadLetters } = bench.local.backend;
        bench.local.platform = () => new Response(null, { status: 500 });
        const server = bench.serve();
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.advance(2 * HOUR, MINUTE);
        expect(bench.local.qstash.messages()).toEqual([]);
        expect(await result.status()).toBe("READY");
        bench.deploy();
        const letter = (await deadLetters.list()).deadLetters.find(({ taskId }) => taskId === result.id);
        await deadLetters.redrive(letter?.id ?? "");
        await bench.settle();
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
      },
    },
  ],
};
