import type { TaskServer } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerContract } from "./server-contract.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const SECOND = 1_000;

/** A server with the store under test as its default backend, and another one called bulk. */
function serveTwo(bench: ServerUnderTest): TaskServer<ServerContract> {
  return bench.serve({ others: { bulk: bench.observe(memoryBackend()) } });
}

export const serverBackendsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: opened, closed and several backends",
  rows: ["delivery"],
  cases: [
    {
      name: "a call that names a backend is stored there, and its result is found there, with and without the name",
      run: async (bench) => {
        const server = serveTwo(bench);
        const { work } = server.client.tasks;
        const bulk = await work.using({ backend: "bulk" }).delay({ n: 1 });
        const [many] = await work.enqueueMany([{ n: 2 }], { backend: "bulk" });
        const own = await work.delay({ n: 3 });
        expect((await bulk.refresh()).backend).toBe("bulk");
        expect((await many?.refresh())?.backend).toBe("bulk");
        expect((await own.refresh()).backend).toBe("default");
        expect((await work.result(bulk.id).refresh()).input).toEqual({ n: 1 });
        expect((await server.client.results.get(bulk.id)).backend).toBe("bulk");
        expect((await server.client.results.get(own.id)).backend).toBe("default");
        await expect(server.client.results.get(bulk.id, { backend: "default" })).rejects.toMatchObject({
          code: "RESULT_NOT_FOUND",
        });
        expect(await server.client.results.cancel(bulk.id)).toBe("cancelled");
        expect(await bulk.status()).toBe("CANCELLED");
      },
    },
    {
      name: "a backend that the server does not have is refused with the nearest name, and what is no name as such",
      run: async (bench) => {
        const server = serveTwo(bench);
        const error = { code: "UNKNOWN_BACKEND", message: expect.stringContaining('Did you mean "bulk"?') };
        await expect(server.client.tasks.work.enqueue({ n: 1 }, { backend: "bulck" })).rejects.toMatchObject(
          error,
        );
        await expect(server.client.results.list({ backend: "bulck" })).rejects.toMatchObject(error);
        await expect(server.executor.processTasks({ backend: "bulck" })).rejects.toMatchObject(error);
        const noName = {
          code: "INVALID_OPTION",
          message: "backend must be a name; got number. Configured: bulk, default.",
        };
        const backend = 5 as never;
        const calls = [
          server.client.tasks.work.using({ backend }).result("id").status(),
          server.client.results.get("id", { backend }),
          server.client.results.cancel("id", { backend }),
          server.client.results.list({ backend }),
          server.executor.processTasks({ backend }),
          server.executor.pendingTaskCount({ backend }),
        ];
        for (const call of calls) await expect(call).rejects.toMatchObject(noName);
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "a worker works on its own backend only",
      needs: ["leases"],
      run: async (bench) => {
        const server = serveTwo(bench);
        const { work } = server.client.tasks;
        const bulk = await work.enqueue({ n: 1 }, { backend: "bulk" });
        const own = await work.delay({ n: 2 });
        const worker = await bench.work(server);
        await bench.untilStatus(own, "SUCCESSFUL");
        await bench.host.advance(5 * SECOND);
        expect(await bulk.status()).toBe("READY");
        await bench.stop(worker);
        await bench.work(server, { backend: "bulk" });
        expect(await bulk.get()).toEqual({ n: 1 });
      },
    },
    {
      name: "a handler's enqueue into another backend keeps its parent",
      needs: ["leases"],
      run: async (bench) => {
        let childId = "";
        const server: TaskServer<ServerContract> = bench.serve({
          others: { bulk: bench.observe(memoryBackend()) },
          handlers: {
            work: async ({ input, client }) => {
              childId = (await client.tasks.silent.enqueue(undefined, { backend: "bulk" })).id;
              return input;
            },
          },
        });
        const parent = await server.client.tasks.work.delay({ n: 1 });
        await server.executor.processTasks();
        expect(await server.client.results.get(childId)).toMatchObject({
          parentId: parent.id,
          backend: "bulk",
          status: "SUCCESSFUL",
        });
      },
    },
    {
      name: "the executor looks in all backends where none is named, and in the one that is",
      needs: ["leases", "inspector", "maintenance"],
      run: async (bench) => {
        const server = serveTwo(bench);
        const { executor, client } = server;
        const enqueue = async () => ({
          own: await client.tasks.work.delay({ n: 1 }),
          bulk: await client.tasks.work.enqueue({ n: 2 }, { backend: "bulk" }),
        });
        const first = await enqueue();
        expect(await executor.pendingTaskCount()).toBe(2);
        expect(await executor.pendingTaskCount({ backend: "bulk" })).toBe(1);
        expect((await executor.getTaskCounts()).READY).toBe(2);
        const stats = await executor.getQueueStats();
        expect(stats.map(({ backend, queue, pending }) => [backend, queue, pending]).sort()).toEqual([
          ["bulk", "default", 1],
          ["default", "default", 1],
        ]);
        expect((await executor.processOneTask({ backend: "bulk" }))?.id).toBe(first.bulk.id);
        expect((await executor.processOneTask())?.id).toBe(first.own.id);
        const second = await enqueue();
        const ran = await executor.processTasks();
        expect(ran.map(({ id }) => id).sort()).toEqual([second.own.id, second.bulk.id].sort());
        const third = await enqueue();
        expect((await executor.runTaskById(third.bulk.id)).status).toBe("SUCCESSFUL");
        expect((await executor.getResult(third.bulk.id)).backend).toBe("bulk");
        const fourth = await enqueue();
        await fourth.bulk.cancel();
        expect((await executor.resetTaskForRetry(fourth.bulk.id)).status).toBe("READY");
        expect(await executor.deleteTask(fourth.bulk.id)).toBe(true);
        expect(await executor.deleteTask(fourth.bulk.id)).toBe(false);
        const listed = await executor.getTasks({ backend: "bulk" });
        expect(listed.results.map(({ id }) => id)).toEqual([third.bulk.id, second.bulk.id, first.bulk.id]);
        expect(await executor.purge({ days: 0, backend: "bulk", dryRun: true })).toBe(3);
        expect(await executor.purge({ days: 0 })).toBe(2);
        expect(await executor.purge({ days: 0, backend: "bulk" })).toBe(3);
      },
    },
    {
      name: "a sweep of no named backend ends what expired in any of them",
      needs: ["maintenance"],
      run: async (bench) => {
        const server = serveTwo(bench);
        const { silent } = server.client.tasks;
        const results = [
          await silent.enqueue(undefined, { expires: "1s" }),
          await silent.enqueue(undefined, { expires: "1s", backend: "bulk" }),
        ];
        await bench.host.advance(2 * SECOND);
        expect(await server.executor.sweep({ backend: "bulk" })).toBe(1);
        expect(await server.executor.sweep()).toBe(1);
        for (const result of results) expect(await result.status()).toBe("FAILED");
      },
    },
    {
      name: "a backend that is away keeps nobody from what the others have",
      run: async (bench) => {
        const other = memoryBackend();
        const server = bench.serve({ others: { bulk: other } });
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { backend: "bulk" });
        bench.before.set("store.get", () =>
          Promise.reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message: "It is away." })),
        );
        expect((await server.client.results.get(result.id)).input).toEqual({ n: 1 });
        await expect(server.client.results.get("0190f5c6-0000-7000-8000-000000000000")).rejects.toMatchObject(
          {
            code: "BACKEND_UNAVAILABLE",
          },
        );
      },
    },
    {
      name: "after a close every call is refused as CLOSED, until the server or a worker opens it again",
      needs: ["leases", "inspector", "maintenance"],
      run: async (bench) => {
        const server = bench.serve();
        const { client, executor } = server;
        const { work } = client.tasks;
        const result = await work.delay({ n: 1 });
        await server.close();
        const closed = {
          code: "CLOSED",
          message:
            'The backend "default" was closed by close(); only server.open() or the start of a worker opens it again.',
        };
        const calls: readonly (() => Promise<unknown>)[] = [
          () => work.delay({ n: 2 }),
          () => work.enqueueMany([{ n: 2 }]),
          () => result.status(),
          () => result.get(),
          () => client.results.list(),
          () => executor.processTasks(),
          () => executor.getQueueStats(),
          () => executor.resetTaskForRetry(result.id),
          () => executor.purge(),
          () => executor.sweep(),
        ];
        for (const call of calls) await expect(call()).rejects.toMatchObject(closed);
        await server.open();
        expect(await result.status()).toBe("READY");
        await server.close();
        await bench.work(server);
        expect(await result.get()).toEqual({ n: 1 });
      },
    },
    {
      name: "a close while the store is being opened leaves it closed, and it can be opened again",
      run: async (bench) => {
        const server = bench.serve();
        const { work } = server.client.tasks;
        const opened = Promise.withResolvers<void>();
        bench.after.set("open", () => opened.promise);
        const outcomes = Promise.allSettled([work.delay({ n: 1 }), server.open()]);
        await bench.host.settle();
        await server.close();
        opened.resolve();
        for (const outcome of await outcomes)
          expect(outcome).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
        bench.after.clear();
        await expect(work.delay({ n: 2 })).rejects.toMatchObject({ code: "CLOSED" });
        await server.open();
        expect(await (await work.delay({ n: 3 })).status()).toBe("READY");
      },
    },
  ],
};
