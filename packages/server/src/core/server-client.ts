import { type AnyRouter, type TaskClient, taskClient } from "@taskwright/shared";
import type {
  TransactionClient,
  TransactionOf,
  TransactionOptionsOf,
  TransactionSource,
} from "../backend/index.ts";
import { endsWithin } from "./bounded-answer.ts";
import type { BuiltInRouter } from "./built-in-tasks.ts";
import { createSchedules } from "./create-schedules.ts";
import { DirectTransport } from "./direct-transport.ts";
import type { Engine } from "./engine.ts";
import type { ServerTaskClient } from "./server-task-client.ts";
import { findTransactions, TransactionScope } from "./transaction-scope.ts";

/** How long a committed transaction may keep its caller waiting for its tasks to reach the backend. */
const LONGEST_RELAY_MS = 5_000;

/** Makes the client of an engine; `parentId` is the task result on whose behalf it calls, or null. */
export function serverClient<TRouter extends AnyRouter>(
  engine: Engine,
  parentId: string | null,
): ServerTaskClient<TRouter> {
  const inside = (scope: TransactionScope) =>
    taskClient<TRouter>(new DirectTransport(engine, parentId, scope));
  const builtIn = () => taskClient<BuiltInRouter>(new DirectTransport(engine, parentId)).tasks.taskwright;
  return Object.freeze({
    ...taskClient<TRouter>(new DirectTransport(engine, parentId)),
    schedules: createSchedules<TRouter>(engine),

    withTransaction: (tx: TransactionClient) => {
      findTransactions(engine).transactions.check(tx);
      return inside(new TransactionScope(tx, false));
    },

    transaction: async <TSource extends TransactionSource, T>(
      source: TSource,
      work: (tx: TransactionOf<TSource>, client: TaskClient<TRouter>) => Promise<T>,
      options?: TransactionOptionsOf<TSource>,
    ): Promise<T> => {
      const { opened, transactions } = findTransactions(engine);
      // What is wrong with the store is told before a transaction begins.
      await opened.use();
      const scopes: TransactionScope[] = [];
      const result = await transactions.run({
        client: source,
        options,
        work: async (tx) => {
          const scope = new TransactionScope(tx, true);
          scopes.push(scope);
          try {
            return await work(tx as TransactionOf<TSource>, inside(scope));
          } finally {
            scope.end();
          }
        },
      });
      for (const scope of scopes) scope.committed();
      const relayed = Promise.all(scopes.map((scope) => scope.relayed()));
      await endsWithin(engine.host, LONGEST_RELAY_MS, relayed);
      return result;
    },

    get relay() {
      return builtIn().relay;
    },

    get clearStaleResults() {
      return builtIn().clearStaleResults;
    },
  });
}
