import { createTaskClient } from "@taskwright/server";
import { isTaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { tasks } from "./server-contract.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; data?: unknown }> {
  const outcome = await promise.then(
    () => new Error("It did not reject."),
    (error: Error) => error,
  );
  return outcome;
}

export const serverResultsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: results and batches",
  rows: ["validation", "durable", "batches", "falsy"],
  cases: [
    {
      name: "an enqueued task runs in a worker, and its output reaches the caller",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({ work: ({ input }) => ({ n: input.n + 1 }) });
        const result = await server.client.tasks.work.delay({ n: 41 });
        expect(result.deduplicated).toBe(false);
        expect(await result.get()).toEqual({ n: 42 });
        const record = await result.refresh();
        expect(record).toMatchObject({
          status: "SUCCESSFUL",
          attempts: 1,
          errors: [],
          path: "work",
          isFinished: true,
        });
        expect(record.workerIds).toHaveLength(1);
      },
    },
    {
      name: "a service that runs no tasks enqueues straight into the store, and waits for what others run",
      needs: ["leases"],
      run: async (bench) => {
        await using client = createTaskClient(tasks, { backend: bench.backend, host: bench.host });
        const result = await client.tasks.work.delay({ n: 5 });
        const waiting = result.get();
        await bench.run();
        expect(await waiting).toEqual({ n: 5 });
        expect((await client.results.list({ task: "work" })).results.map(({ id }) => id)).toEqual([
          result.id,
        ]);
      },
    },
    {
      name: "an enqueued task is READY and whole before any worker sees it",
      defect: "Q: the status is not written before delivery",
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.mail.send.enqueue({ n: 1 }, { priority: 5, tags: ["a"] });
        expect(await result.status()).toBe("READY");
        const fields = {
          input: { n: 1 },
          queue: "emails",
          priority: 5,
          tags: ["a"],
          path: "mail.send",
          attempts: 0,
        };
        expect(await result.refresh()).toMatchObject(fields);
      },
    },
    {
      name: "falsy outputs reach the caller as they are, and no output as undefined",
      needs: ["leases"],
      defect: "F: falsy return values are not stored",
      run: async (bench) => {
        const server = await bench.run();
        const { falsy, silent } = server.client.tasks;
        for (const [which, output] of [
          ["null", null],
          ["zero", 0],
          ["false", false],
          ["empty", ""],
        ] as const) {
          expect(await (await falsy.delay({ which })).get()).toBe(output);
        }
        expect(await (await silent.delay()).get()).toBeUndefined();
      },
    },
    {
      name: "no completion is missed: get resolves whether it was called before, during or after the end",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({ handlers: { work: ({ input }) => ({ n: input.n * 2 }) } });
        const inputs = Array.from({ length: 60 }, (_, n) => ({ n }));
        const results = await server.client.tasks.work.enqueueMany(inputs);
        const before = results.slice(0, 20).map((result) => result.get());
        await bench.host.settle();
        await bench.work(server);
        const during = results.slice(20, 40).map((result) => result.get());
        await Promise.all([...before, ...during]);
        await bench.until(async () => (await results.at(-1)?.status()) === "SUCCESSFUL");
        const outputs = await Promise.all(results.map((result) => result.get()));
        expect(outputs).toEqual(inputs.map(({ n }) => ({ n: n * 2 })));
      },
    },
    {
      name: "get gives up after its timeout while the task goes on",
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.work.delay({ n: 1 });
        const waiting = rejection(result.get({ timeout: "30s" }));
        await bench.host.advance(30_000);
        expect((await waiting).code).toBe("RESULT_TIMEOUT");
        expect(await result.status()).toBe("READY");
      },
    },
    {
      name: "get rejects with what went wrong: failed, cancelled, unknown or of another task",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            work: () => {
              throw new Error("no luck");
            },
          },
        });
        const { work, patient } = server.client.tasks;
        const failed = await work.enqueue({ n: 1 }, { maxRetries: 0 });
        const cancelled = await work.enqueue({ n: 1 }, { countdown: "1h" });
        expect(await cancelled.cancel()).toBe("cancelled");
        await bench.work(server);
        const error = await rejection(failed.get());
        expect(error).toMatchObject({ code: "TASK_FAILED", data: { errors: [{ message: "no luck" }] } });
        expect((await rejection(cancelled.get())).code).toBe("TASK_CANCELLED");
        expect((await rejection(patient.result(failed.id).get())).code).toBe("RESULT_MISMATCH");
        const unknown = work.result("0190f5c6-0000-7000-8000-000000000000");
        expect((await rejection(unknown.get())).code).toBe("RESULT_NOT_FOUND");
      },
    },
    {
      name: "an input that does not fit throws PAYLOAD_ERROR at the enqueue, and nothing is stored",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const error = await rejection(work.delay({ n: "1" as never }));
        expect(isTaskError(error, "PAYLOAD_ERROR")).toBe(true);
        expect(error.data).toMatchObject({ task: "work", side: "input", issues: [{ path: ["n"] }] });
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "an output that does not fit fails the task at once, whatever its retries",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({ work: () => ({ n: 1.5 }) });
        const result = await server.client.tasks.work.delay({ n: 1 });
        expect((await rejection(result.get())).code).toBe("TASK_FAILED");
        const { errors, attempts } = await result.refresh();
        expect([errors.map(({ type }) => type), attempts]).toEqual([["PAYLOAD_ERROR"], 1]);
      },
    },
    {
      name: "single enqueues of one tick travel together, and a bad one fails only itself",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        await (await work.delay({ n: -1 })).status();
        bench.batches.length = 0;
        const calls = Array.from({ length: 50 }, (_, n) => work.delay({ n: n === 25 ? (0.5 as number) : n }));
        const outcomes = await Promise.allSettled(calls);
        const bad = outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
        expect(bad).toEqual([25]);
        expect(bench.batches.reduce((sum, size) => sum + size, 0)).toBe(49);
        expect(bench.batches.length).toBeLessThanOrEqual(bench.backend.batchesAtOnce ?? 1);
        for (const outcome of outcomes) {
          if (outcome.status === "fulfilled") expect(await outcome.value.status()).toBe("READY");
        }
      },
    },
    {
      name: "one item of a batch that the store refuses rejects its own enqueue and no other",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        bench.spoilEnqueue = ({ tasks }) =>
          tasks.map(({ input }) =>
            input === '{"n":1}' ? { outcome: "failed", error: new Error("refused") } : { outcome: "stored" },
          );
        const outcomes = await Promise.allSettled([0, 1, 2].map((n) => work.delay({ n })));
        expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
        expect(outcomes[1]).toMatchObject({ reason: { message: "refused" } });
      },
    },
    {
      name: "enqueueMany stores all in their order",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const results = await work.enqueueMany([3, 1, 2].map((n) => ({ n })));
        const records = await Promise.all(results.map((result) => result.refresh()));
        expect(records.map(({ input }) => input)).toEqual([{ n: 3 }, { n: 1 }, { n: 2 }]);
        expect(await work.enqueueMany([])).toEqual([]);
      },
    },
    {
      name: "enqueueMany checks all before it stores any, and names the one that does not fit",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const error = await rejection(work.enqueueMany([{ n: 1 }, { n: 2 }, { n: null as never }]));
        expect(error).toMatchObject({ code: "PAYLOAD_ERROR", data: { index: 2 } });
        expect(error.message).toContain("[2]");
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "enqueueMany that a store can keep only in part tells the outcome of each",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        bench.spoilEnqueue = ({ tasks }) =>
          tasks.map((_, index) =>
            index === 1 ? { outcome: "failed", error: new Error("refused") } : { outcome: "stored" },
          );
        const error = await rejection(work.enqueueMany([{ n: 0 }, { n: 1 }, { n: 2 }]));
        expect(error.code).toBe("ENQUEUE_INCOMPLETE");
        expect(error.data).toMatchObject({
          outcomes: [{ stored: true }, { stored: false }, { stored: true }],
        });
      },
    },
    {
      name: "a task that a handler enqueues has the handler's task as its parent",
      needs: ["leases"],
      run: async (bench) => {
        let childId = "";
        const server = await bench.run({
          work: async ({ input, client }) => {
            childId = (await client.tasks.patient.delay({ n: input.n })).id;
            return { n: input.n };
          },
        });
        const parent = await server.client.tasks.work.delay({ n: 7 });
        await parent.get();
        const child = await server.client.results.get(childId);
        expect(child).toMatchObject({ parentId: parent.id, input: { n: 7 } });
      },
    },
    {
      name: "a second enqueue under one deduplication id is the first one, with its status",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const { work, patient } = server.client.tasks;
        const options = { deduplicationId: "order-1" };
        const first = await work.enqueue({ n: 1 }, options);
        const second = await work.enqueue({ n: 2 }, options);
        expect(second).toMatchObject({ id: first.id, deduplicated: true });
        const other = await patient.enqueue({ n: 1 }, options);
        expect(other.deduplicated).toBe(false);
        await bench.work(server);
        await first.get();
        expect(await work.enqueue({ n: 3 }, options)).toMatchObject({ id: first.id, deduplicated: true });
        await bench.host.advance(10 * 60_000);
        expect((await work.enqueue({ n: 3 }, options)).deduplicated).toBe(false);
      },
    },
    {
      name: "the nearest level says by what duplicates are told, or that none are",
      run: async (bench) => {
        const once = bench.serve().client.tasks.work.using({ deduplicationId: "order-1" });
        const first = await once.delay({ n: 1 });
        expect(await once.delay({ n: 2 })).toMatchObject({ id: first.id });
        const isDuplicate = async (n: number, options: object) =>
          (await once.enqueue({ n }, options)).deduplicated;
        expect(await isDuplicate(1, { deduplicated: false })).toBe(false);
        expect(await isDuplicate(2, { deduplicated: false })).toBe(false);
        expect(await isDuplicate(1, { deduplicated: true })).toBe(false);
        expect(await isDuplicate(1, { deduplicated: true })).toBe(true);
        expect(await isDuplicate(2, { deduplicated: true })).toBe(false);
        expect(await isDuplicate(1, { deduplicationId: "order-2" })).toBe(false);
      },
    },
    {
      name: "enqueueMany refuses to store one of several inputs for all, wherever the deduplication id was said",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const options = { deduplicationId: "order-1" };
        const inputs = [{ n: 1 }, { n: 2 }];
        const calls = [
          work.enqueueMany(inputs, options as never),
          work.using(options).enqueueMany(inputs),
          work.using(options).enqueueMany([inputs[0] as { n: number }, { n: null as never }]),
        ];
        for (const call of calls) {
          expect(await rejection(call)).toMatchObject({
            code: "INVALID_OPTION",
            message: expect.stringMatching(/^enqueueMany of work has 2 inputs and one deduplicationId/),
          });
        }
        expect(bench.batches).toEqual([]);
        const [one] = await work.using(options).enqueueMany([{ n: 1 }]);
        expect(await work.enqueue({ n: 1 }, options)).toMatchObject({ id: one?.id, deduplicated: true });
        const all = await work.using(options).enqueueMany([...inputs, { n: 2 }], { deduplicated: true });
        expect(all.map(({ deduplicated }) => deduplicated)).toEqual([false, false, true]);
      },
    },
    {
      name: "an equal input is enqueued once when asked so, whatever the order of its keys; a failure frees it",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            work: () => {
              throw new Error("no luck");
            },
          },
        });
        const once = server.client.tasks.work.using({ deduplicated: true, maxRetries: 0 });
        const first = await once.delay({ n: 1 });
        expect(await once.delay({ n: 1 })).toMatchObject({ id: first.id, deduplicated: true });
        expect((await once.delay({ n: 2 })).deduplicated).toBe(false);
        await bench.work(server);
        await rejection(first.get());
        const again = await once.delay({ n: 1 });
        expect([again.deduplicated, again.id === first.id]).toEqual([false, false]);
      },
    },
  ],
};
