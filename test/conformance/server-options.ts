import { createTaskServer, type TaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { initTasks } from "@taskwright/shared";
import { expect } from "vitest";
import { z } from "zod";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const t = initTasks.create({
  queues: ["default", "emails", "bulk"],
  defaults: { queue: "bulk", priority: 1, tags: ["d"] },
});
const contract = t.router({
  plain: t.task.input(z.object({ at: z.iso.datetime().optional() })),
  own: t.task.options({ queue: "emails", priority: 2, maxRetries: 5, label: "My own" }),
  flaky: t.task.options({ maxRetries: 5, retryDelay: "1h" }),
  long: t.task.options({ lease: "3s" }),
});

type Handling = Partial<Record<keyof typeof contract & string, (call: { signal: AbortSignal }) => unknown>>;

function serve(
  bench: ServerUnderTest,
  parts: { readonly handlers?: Handling; readonly backend?: Backend; readonly maxPayloadBytes?: number } = {},
): TaskServer<typeof contract> {
  const { handlers, backend = bench.backend, ...more } = parts;
  const nothing = () => {};
  return createTaskServer({
    logger: false,
    tasks: contract,
    backend,
    handlers: { plain: nothing, own: nothing, flaky: nothing, long: nothing, ...(handlers as object) },
    host: bench.host,
    ...more,
  });
}

/** A store that cannot tell anybody at once. */
function withoutWakeups({ wakeups: _wakeups, ...backend }: Backend): Backend {
  return backend;
}

export const serverOptionsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: options and records",
  rows: ["retries", "timeout", "cancel", "size"],
  cases: [
    {
      name: "options of the call win over using, those over the task's, over the contract's, over the built-in ones",
      run: async (bench) => {
        const { plain, own } = serve(bench).client.tasks;
        const facts = async (result: { refresh(): Promise<object> }) => {
          const { queue, priority, maxRetries, tags } = (await result.refresh()) as Record<string, unknown>;
          return { queue, priority, maxRetries, tags };
        };
        const built = { queue: "bulk", priority: 1, maxRetries: 3, tags: ["d"] };
        expect(await facts(await plain.delay({}))).toEqual(built);
        expect(await facts(await own.delay())).toEqual({
          ...built,
          queue: "emails",
          priority: 2,
          maxRetries: 5,
        });
        const using = own.using({ priority: 3, tags: ["u"] });
        expect(await facts(await using.delay())).toMatchObject({ queue: "emails", priority: 3, tags: ["u"] });
        const call = await using
          .using({ maxRetries: 1 })
          .enqueue(undefined, { priority: 4, queue: "default" });
        expect(await facts(call)).toEqual({ queue: "default", priority: 4, maxRetries: 1, tags: ["u"] });
        const due = await own
          .using({ countdown: "1h" })
          .enqueue(undefined, { runAfter: "2031-01-01T00:00:00Z" });
        expect((await due.refresh()).runAfter).toEqual(new Date("2031-01-01T00:00:00Z"));
      },
    },
    {
      name: "a task result tells its whole life, as a record and as JSON",
      needs: ["leases"],
      run: async (bench) => {
        const start = await bench.storeTime();
        const server = serve(bench, {
          handlers: {
            own: () => {
              throw new TypeError("no luck");
            },
          },
        });
        const result = await server.client.tasks.own.enqueue(undefined, { maxRetries: 1, retryDelay: 5 });
        await bench.host.advance(SECOND);
        await server.executor.processTasks();
        await bench.host.advance(5 * SECOND);
        const [record] = await server.executor.processTasks();
        const error = {
          type: "EXECUTION_ERROR",
          exceptionClass: "TypeError",
          message: "no luck",
          stack: expect.stringContaining("TypeError: no luck"),
          workerId: "executor-fake-host-1",
        };
        const at = (ms: number) => new Date(start + ms);
        const facts = {
          id: result.id,
          path: "own",
          label: "My own",
          status: "FAILED",
          errors: [
            { ...error, attempt: 1, at: at(SECOND).toISOString() },
            { ...error, attempt: 2, at: at(6 * SECOND).toISOString() },
          ],
          attempts: 2,
          maxRetries: 1,
          queue: "emails",
          backend: "default",
          priority: 2,
          workerIds: ["executor-fake-host-1", "executor-fake-host-1"],
          isFinished: true,
          parentId: null,
          scheduleId: null,
          tags: ["d"],
          progress: null,
        };
        expect(record).toMatchObject({
          ...facts,
          input: undefined,
          output: undefined,
          runAfter: at(6 * SECOND),
          enqueuedAt: at(0),
          startedAt: at(SECOND),
          lastAttemptedAt: at(6 * SECOND),
          finishedAt: at(6 * SECOND),
        });
        expect(JSON.parse(JSON.stringify(record))).toEqual({
          ...facts,
          runAfter: at(6 * SECOND).toISOString(),
          enqueuedAt: at(0).toISOString(),
          startedAt: at(SECOND).toISOString(),
          lastAttemptedAt: at(6 * SECOND).toISOString(),
          finishedAt: at(6 * SECOND).toISOString(),
        });
      },
    },
    {
      name: "a call's own retry delay, backoff and timeout reach the worker",
      needs: ["leases"],
      run: async (bench) => {
        const starts: Record<string, number[]> = { fixed: [], growing: [] };
        let which = "fixed";
        const server = serve(bench, {
          handlers: {
            flaky: () => {
              starts[which]?.push(bench.host.wallTime());
              throw new Error("no luck");
            },
            long: ({ signal }) => untilAborted(signal),
          },
        });
        await bench.work(server as never);
        const { flaky, long } = server.client.tasks;
        const fixed = await flaky.enqueue(undefined, { retryDelay: 7, maxRetries: 2 });
        await bench.host.advance(MINUTE);
        await bench.untilStatus(fixed, "FAILED");
        which = "growing";
        const backoff = { initial: "2s", factor: 3, max: "5s", jitter: false } as const;
        const growing = await flaky.enqueue(undefined, { backoff, maxRetries: 3 });
        await bench.host.advance(MINUTE);
        await bench.untilStatus(growing, "FAILED");
        const waits = (times: number[] = []) =>
          times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / SECOND));
        expect(waits(starts.fixed)).toEqual([7, 7]);
        expect(waits(starts.growing)).toEqual([2, 5, 5]);
        const short = await long.enqueue(undefined, { timeout: "2s", maxRetries: 0 });
        await bench.host.advance(3 * SECOND);
        expect((await bench.untilStatus(short, "FAILED")).errors).toMatchObject([{ type: "TIMEOUT" }]);
      },
    },
    {
      name: "an attempt has fifteen minutes where nothing else is said, and all the time it likes with timeout: false",
      needs: ["leases"],
      run: async (bench) => {
        const done = Promise.withResolvers<void>();
        const server = serve(bench, { handlers: { own: () => done.promise } });
        await bench.work(server as never);
        const limited = await server.client.tasks.own.enqueue(undefined, { maxRetries: 0 });
        const unlimited = await server.client.tasks.own.enqueue(undefined, { timeout: false });
        await bench.host.advance(15 * MINUTE);
        expect(await limited.status()).toBe("RUNNING");
        await bench.host.advance(6 * SECOND);
        expect((await bench.untilStatus(limited, "FAILED")).errors).toMatchObject([{ type: "TIMEOUT" }]);
        await bench.host.advance(HOUR);
        expect(await unlimited.status()).toBe("RUNNING");
        done.resolve();
        await unlimited.get();
        expect(await unlimited.refresh()).toMatchObject({ attempts: 1, errors: [] });
      },
    },
    {
      name: "what is stored is what the caller passed, and what the handler gets is what the schema makes of it",
      needs: ["leases"],
      run: async (bench) => {
        const stamp = z.codec(z.iso.datetime(), z.date(), {
          decode: (text) => new Date(text),
          encode: (date) => date.toISOString(),
        });
        const dated = initTasks.create();
        const tasks = dated.router({
          shift: dated.task
            .input(z.object({ at: stamp, hours: z.int().default(1) }))
            .output(z.object({ at: stamp })),
        });
        const seen: unknown[] = [];
        const server = createTaskServer({
          logger: false,
          tasks,
          backend: bench.backend,
          handlers: {
            shift: ({ input }) => {
              seen.push(input);
              return { at: new Date(input.at.getTime() + input.hours * HOUR) };
            },
          },
          host: bench.host,
        });
        const input = { at: "2030-01-01T00:00:00Z", unnamed: true };
        const result = await server.client.tasks.shift.delay(input);
        await server.executor.processTasks();
        expect(seen).toEqual([{ at: new Date("2030-01-01T00:00:00Z"), hours: 1 }]);
        expect(await result.get()).toEqual({ at: new Date("2030-01-01T01:00:00Z") });
        const [stored] = await bench.backend.store.get({ ids: [result.id] });
        expect(stored).toMatchObject({
          input: '{"at":"2030-01-01T00:00:00Z","unnamed":true}',
          output: '{"at":"2030-01-01T01:00:00.000Z"}',
        });
      },
    },
    {
      name: "a server's own limit of payloads holds for inputs and outputs",
      run: async (bench) => {
        const { plain } = serve(bench, { maxPayloadBytes: 20 }).client.tasks;
        await plain.delay({});
        await expect(plain.delay({ at: "2030-01-01T00:00:00Z" })).rejects.toMatchObject({
          code: "PAYLOAD_ERROR",
          message: expect.stringContaining("may have 20 bytes"),
        });
      },
    },
    {
      name: "on a store that wakes nobody, tasks start, cancels arrive and waits end all the same",
      needs: ["leases"],
      run: async (bench) => {
        const server = serve(bench, {
          backend: withoutWakeups(bench.backend),
          handlers: {
            long: ({ signal }) => untilAborted(signal),
          },
        });
        expect(server.capabilities.default?.wakeups).toBe(false);
        await bench.work(server as never);
        const result = await server.client.tasks.own.delay();
        const long = await server.client.tasks.long.delay();
        const waiting = result.get();
        await bench.host.advance(2 * SECOND);
        await waiting;
        expect(await long.status()).toBe("RUNNING");
        expect(await long.cancel()).toBe("requested");
        // At the next renewal, which comes each third of the lease.
        await bench.host.advance(2 * SECOND);
        await bench.untilStatus(long, "CANCELLED");
      },
    },
  ],
};
