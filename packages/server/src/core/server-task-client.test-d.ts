import { type AsyncResult, initTasks, type TaskClient } from "@taskwright/shared";
import type pg from "pg";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import type {
  Backend,
  PgTransactionClient,
  PrismaTransactionClient,
  TransactionClient,
  TransactionOf,
  TransactionOptionsOf,
  TransactionSource,
} from "../backend/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import type { ClearedResults, ClearStaleResultsInput } from "./built-in-tasks.ts";
import type {
  TransactionHandlerArguments,
  TransactionHandlerFunction,
  TransactionTaskHandler,
} from "./handler-types.ts";
import { implement, type TransactionHandlerBuilder } from "./implement.ts";
import type { ServerTaskClient } from "./server-task-client.ts";

/** As the generated clients declare themselves, in short. */
interface GeneratedClient {
  readonly order: { create(values: object): Promise<{ id: number }> };
  $connect(): Promise<void>;
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  // biome-ignore lint/suspicious/noExplicitAny: as generated
  $transaction<P extends Promise<any>[]>(arg: [...P]): Promise<unknown[]>;
  $transaction<R>(
    fn: (tx: GeneratedTransaction) => Promise<R>,
    options?: { maxWait?: number; timeout?: number },
  ): Promise<R>;
}
type GeneratedTransaction = Omit<GeneratedClient, "$connect">;

const t = initTasks.create();
const tasks = t.router({
  invoice: t.task.input(z.object({ orderId: z.int() })).output(z.string()),
  charge: t.task
    .options({ transaction: true })
    .input(z.object({ orderId: z.int() }))
    .output(z.int()),
  inner: t.router({ ship: t.task.input(z.int()).options({ transaction: true }) }),
  plainAgain: t.task.options({ transaction: true }).options({ transaction: false }),
  stillOne: t.task.options({ transaction: true }).options({ maxRetries: 1 }),
});
type Tasks = typeof tasks;
declare const prisma: GeneratedClient;
declare const tx: GeneratedTransaction;
declare const pool: pg.Pool;
declare const poolClient: pg.PoolClient;
declare const client: ServerTaskClient<Tasks>;

// --- The built-in tasks ---

expectTypeOf(client.relay.delay()).resolves.toEqualTypeOf<AsyncResult<void, void>>();
void client.relay.applyAsync(undefined, { countdown: "10s" });
// @ts-expect-error -- it takes nothing
void client.relay.delay({ backend: "bulk" });

const input: ClearStaleResultsInput = { since: 86_400, backend: "bulk" };
expectTypeOf(client.clearStaleResults.delay(input)).resolves.toEqualTypeOf<
  AsyncResult<ClearedResults, ClearStaleResultsInput | undefined>
>();
expectTypeOf<ClearedResults>().toEqualTypeOf<{ readonly deleted: number }>();
void client.clearStaleResults.delay();
void client.clearStaleResults.applyAsync({ since: 0 }, { countdown: "10s" });
// @ts-expect-error -- seconds, and no duration
void client.clearStaleResults.delay({ since: "7d" });
// @ts-expect-error -- it deletes SUCCESSFUL ones only
void client.clearStaleResults.delay({ status: "FAILED" });

// --- Enqueuing in a transaction that someone else runs ---

expectTypeOf(client).toExtend<TaskClient<Tasks>>();
const inside = client.withTransaction(tx);
expectTypeOf(inside).toEqualTypeOf<TaskClient<Tasks>>();
expectTypeOf(inside.tasks.invoice.delay({ orderId: 1 })).resolves.toEqualTypeOf<
  AsyncResult<string, { orderId: number }>
>();
client.withTransaction(poolClient);
expectTypeOf(tx).toExtend<PrismaTransactionClient>();
expectTypeOf<pg.Client>().toExtend<PgTransactionClient>();
expectTypeOf<TransactionClient>().toEqualTypeOf<PrismaTransactionClient | PgTransactionClient>();
// @ts-expect-error -- the client itself is in no transaction
client.withTransaction(prisma);
// @ts-expect-error -- nor is a pool
client.withTransaction(pool);
// @ts-expect-error -- it needs one
client.withTransaction();
// @ts-expect-error -- transactions do not nest
inside.withTransaction(tx);

// --- Running one ---

expectTypeOf(
  client.transaction(prisma, async (own, inner) => {
    expectTypeOf(own).toEqualTypeOf<GeneratedTransaction>();
    expectTypeOf(inner).toEqualTypeOf<TaskClient<Tasks>>();
    const { id } = await own.order.create({});
    return (await inner.tasks.invoice.delay({ orderId: id })).id;
  }),
).resolves.toEqualTypeOf<string>();
void client.transaction(prisma, async () => {}, { timeout: 10_000 });
void client.transaction(pool, async (own) => {
  expectTypeOf(own).toEqualTypeOf<pg.PoolClient>();
});
expectTypeOf<TransactionOf<GeneratedClient>>().toEqualTypeOf<GeneratedTransaction>();
expectTypeOf<TransactionOptionsOf<pg.Pool>>().toEqualTypeOf<undefined>();
expectTypeOf<GeneratedClient>().toExtend<TransactionSource>();
// @ts-expect-error -- Prisma takes milliseconds
void client.transaction(prisma, async () => {}, { timeout: "10s" });
// @ts-expect-error -- a transaction begins none of its own
void client.transaction(tx, async () => {});
// @ts-expect-error -- a function that does not wait
void client.transaction(prisma, () => {});

// --- Handlers that run in one ---

declare const backend: Backend<GeneratedTransaction>;
const handlers = {
  invoice: () => "1",
  plainAgain: () => {},
  stillOne: ({ tx: own }: { tx: GeneratedTransaction }) => void own,
};
createTaskServer({
  tasks,
  backend,
  handlers: {
    ...handlers,
    charge: async ({ tx: own, input, client: inner }) => {
      expectTypeOf(own).toEqualTypeOf<GeneratedTransaction>();
      await inner.withTransaction(own).tasks.invoice.delay({ orderId: input.orderId });
      return 1;
    },
    inner: { ship: ({ tx: own }) => void expectTypeOf(own).toEqualTypeOf<GeneratedTransaction>() },
  },
});
createTaskServer({
  tasks,
  backends: { default: backend },
  only: ["charge"],
  handlers: {
    charge: ({ tx: own }) => {
      expectTypeOf(own).toEqualTypeOf<GeneratedTransaction>();
      return 1;
    },
  },
});
createTaskServer({
  tasks,
  backend,
  only: ["invoice"],
  // @ts-expect-error -- only a task with transaction: true has a tx
  handlers: { invoice: ({ tx: none }) => String(none) },
});
createTaskServer({
  tasks,
  backend,
  only: ["plainAgain"],
  // @ts-expect-error -- the later option wins
  handlers: { plainAgain: ({ tx: none }) => void none },
});

const h = implement(tasks).transactionClient<GeneratedTransaction>();
const charge = h.charge.handler(({ tx: own }) => {
  expectTypeOf(own).toEqualTypeOf<GeneratedTransaction>();
  return 1;
});
createTaskServer({ tasks, backend, only: ["charge"], handlers: { charge } });
declare const other: Backend<pg.PoolClient>;
// @ts-expect-error -- the backend's transactions are of another library
createTaskServer({ tasks, backend: other, only: ["charge"], handlers: { charge } });
// Who does not say what it is gets something that nothing can be done with.
implement(tasks).charge.handler(({ tx: own }) => {
  expectTypeOf(own).toEqualTypeOf<unknown>();
  return 1;
});
// @ts-expect-error -- only a task with transaction: true has a tx
h.invoice.handler(({ tx: none }) => String(none));

expectTypeOf(h.charge).toEqualTypeOf<
  TransactionHandlerBuilder<Tasks["charge"], object, object, Tasks, GeneratedTransaction>
>();
expectTypeOf(charge).toEqualTypeOf<
  TransactionTaskHandler<{ orderId: number }, number, object, GeneratedTransaction>
>();
expectTypeOf<
  Parameters<TransactionHandlerFunction<number, object, void, Tasks, GeneratedTransaction>>[0]
>().toEqualTypeOf<TransactionHandlerArguments<number, object, Tasks, GeneratedTransaction>>();
