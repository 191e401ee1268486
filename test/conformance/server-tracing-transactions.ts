import { createTaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { initTasks } from "@taskwright/shared";
import { expect } from "vitest";
import { withCallers } from "./callers.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { NotingTracing } from "./noting-tracing.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const t = initTasks.create();
const ledger = t.router({ post: t.task.options({ transaction: true, retryDelay: "10s" }), note: t.task });

export const serverTracingTransactionsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: traces and transactions",
  rows: ["delivery"],
  cases: [
    {
      name: "what transactions enqueue keeps the context of its enqueue",
      needs: ["transactions", "callers", "leases"],
      run: (bench) =>
        withCallers(bench, async ({ source }) => {
          const tracing = new NotingTracing();
          const server = bench.serve({ tracing });
          await bench.work(server);
          await server.client.transaction(source, async (_, client) => {
            await client.tasks.work.delay({ n: 1 });
            await client.tasks.work.enqueueMany([{ n: 2 }]);
          });
          await bench.until(() => tracing.attempts.filter(({ outcome }) => outcome !== null).length === 2);
          expect(
            tracing.attempts.toSorted((left, right) => (left.of ?? "").localeCompare(right.of ?? "")),
          ).toEqual([
            { number: 1, of: "enqueue 1", isOneOfMany: false, outcome: "succeeded" },
            { number: 1, of: "enqueue 2", isOneOfMany: true, outcome: "succeeded" },
          ]);
        }),
    },
    {
      name: "a handler that runs in a transaction runs in the span of its attempt, and so does what it enqueues there",
      needs: ["transactions.runAttempt", "callers", "leases"],
      run: (bench) =>
        withCallers(bench, async ({ write, lines }) => {
          const tracing = new NotingTracing();
          const server = createTaskServer({
            tasks: ledger,
            backend: bench.backend as Backend<unknown>,
            handlers: {
              post: async ({ tx, attempt, client }) => {
                await write(tx, `${tracing.active}`);
                await client.withTransaction(tx as never).tasks.note.delay();
                if (attempt.number === 1) throw new Error("no luck");
              },
              note: () => {},
            },
            tracing,
            logger: bench.logger(),
            host: bench.host,
          });
          await bench.work(server);
          const result = await server.client.tasks.post.delay();
          await bench.until(async () => (await result.refresh()).errors.length === 1);
          await bench.host.advance(11_000);
          await bench.untilStatus(result, "SUCCESSFUL");
          await bench.until(() => tracing.attempts.filter(({ outcome }) => outcome !== null).length === 3);
          expect(await lines()).toEqual(["attempt 2 of post"]);
          expect(tracing.attempts.map(({ number, of, outcome }) => [number, of, outcome])).toEqual([
            [1, "enqueue 1", "retrying"],
            [2, "enqueue 1", "succeeded"],
            // The second is the first attempt's, which was rolled back.
            [1, "enqueue 3", "succeeded"],
          ]);
        }),
    },
  ],
};
