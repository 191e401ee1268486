import { TaskError } from "@taskwright/shared";
import type { TransactionDriver } from "../sql/transaction-driver.ts";
import { clientExecutor, ignore, type PgClient, type PgPool } from "./pool-connection.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A client of `pg`, newer versions of which tell the state of their transaction: I for none, T, or E for a failed one. */
interface StatedClient extends PgClient {
  getTransactionStatus?(): "I" | "T" | "E" | null;
}

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function isPool(value: unknown): value is PgPool {
  const pool = value as Partial<PgPool & { totalCount: unknown }> | null;
  return typeof pool?.connect === "function" && pool.totalCount !== undefined;
}

function clientOf(transaction: unknown): PgClient {
  if (isPool(transaction)) {
    throw invalid(
      "withTransaction() takes a client on which a transaction has begun, not the pool: what a pool runs is in no transaction.",
    );
  }
  const client = transaction as Partial<StatedClient> | null;
  if (typeof client?.query !== "function") {
    throw invalid(
      "withTransaction() of a postgresBackend() takes a client of the package pg on which a transaction has begun.",
    );
  }
  if (client.getTransactionStatus?.() === "I") {
    throw new TaskError({
      code: "TRANSACTION_ENDED",
      message: "The client is in no transaction, or not any more; nothing was stored. BEGIN one first.",
    });
  }
  return client as PgClient;
}

const ENDED = "The transaction has ended; nothing was stored. Await each call before it ends.";

/** A client for as long as its transaction lasts: afterwards it may serve somebody else. */
class LentClient {
  readonly client: PgClient;
  #isOver = false;

  constructor(client: PgClient) {
    const refuse = (code: "TRANSACTION_ENDED" | "INVALID_OPTION", message: string) =>
      Promise.reject(new TaskError({ code, message }));
    this.client = new Proxy(client, {
      get: (target, name) => {
        if (name === "release")
          return () => refuse("INVALID_OPTION", "Who began a transaction releases its client.");
        if (name === "query" && this.#isOver) return () => refuse("TRANSACTION_ENDED", ENDED);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  takeBack(): void {
    this.#isOver = true;
  }
}

/** Runs work between BEGIN and COMMIT on a client of a pool. */
async function inTransaction<T>(
  pool: PgPool,
  work: (client: PgClient) => Promise<T>,
  timeoutMs: number | null,
): Promise<T> {
  const client = await pool.connect();
  // One that breaks between two statements would end the process; the next statement tells of it.
  client.on?.("error", ignore);
  const executor = clientExecutor(client);
  const run = (text: string) => executor.rows({ name: "", text }, []);
  const lent = new LentClient(client);
  // Closing a connection rolls back, whatever is under way on it.
  let isBroken = true;
  try {
    await run("BEGIN");
    const result = await within(timeoutMs, () => work(lent.client)).catch(async (error: unknown) => {
      lent.takeBack();
      if (!(error instanceof LateError)) isBroken = await isRejected(run("ROLLBACK"));
      throw error;
    });
    lent.takeBack();
    await run("COMMIT");
    isBroken = false;
    return result;
  } finally {
    if (!isBroken) client.off?.("error", ignore);
    client.release(isBroken);
  }
}

async function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  );
}

/** Work that did not end in time, and may still be using its client. */
class LateError extends TaskError {}

async function within<T>(timeoutMs: number | null, work: () => Promise<T>): Promise<T> {
  if (timeoutMs === null) return work();
  let stop: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new LateError({
      code: "TRANSACTION_ENDED",
      message: `The attempt's transaction was rolled back: it took longer than ${timeoutMs} ms.`,
    });
    stop = setTimeout(() => reject(error), Math.min(timeoutMs, LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(stop);
  }
}

/** The transactions of `pg`: BEGIN and COMMIT on a client of a pool. */
export function poolTransactions(pool: () => Promise<PgPool>): TransactionDriver<PgClient> {
  return {
    inside: (transaction) => clientExecutor(clientOf(transaction)),

    run: async ({ client, work, options }) => {
      if (!isPool(client)) {
        throw invalid("client.transaction() on a postgresBackend() takes a Pool of the package pg.");
      }
      if (options !== undefined) {
        throw invalid(
          "client.transaction() takes no options for a Pool; SET TRANSACTION as the first statement does what you need.",
        );
      }
      return inTransaction(client, work, null);
    },

    own: async (timeoutMs, work) => inTransaction(await pool(), work, timeoutMs),
  };
}
