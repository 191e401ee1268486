import { TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, EnqueueRequest, NewTask, Transactions } from "../../backend/index.ts";
import { allOrNone } from "../sql/savepoint.ts";
import { enqueueSteps } from "../sqlite/enqueue.ts";
import { realFile } from "../sqlite/path-check.ts";
import { withPrefix } from "../sqlite/table-prefix.ts";
import { isPrismaClient, type PrismaLike, type RawRunner } from "./prisma-client.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { isRefusal, toTaskError } from "./sqlite-errors.ts";
import { mainFileOf } from "./sqlite-location.ts";
import { runLocked } from "./sqlite-locked-run.ts";

/** Takes the write lock and changes nothing. */
const TAKE_LOCK = "UPDATE taskwright_version SET version = version WHERE 0";

/** The client of an interactive transaction. */
interface TransactionClient extends RawRunner {
  // biome-ignore lint/suspicious/noExplicitAny: as the generated clients declare it
  $executeRawUnsafe(query: string, ...values: any[]): PromiseLike<number>;
  readonly _activeProvider?: unknown;
}

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message });
}

function check(transaction: unknown): asserts transaction is TransactionClient {
  const client = transaction as Partial<TransactionClient> | null | undefined;
  const isObject = (typeof client === "object" && client !== null) || typeof client === "function";
  if (
    !isObject ||
    typeof client.$queryRawUnsafe !== "function" ||
    typeof client.$executeRawUnsafe !== "function"
  ) {
    throw invalid(
      "A transaction must be the client that Prisma hands to prisma.$transaction(async (tx) => …).",
    );
  }
  if (typeof (client as Partial<PrismaLike>).$connect === "function") {
    throw invalid(
      "A transaction must be the client that Prisma hands to prisma.$transaction(async (tx) => …), and this is the PrismaClient itself: what it enqueued could not be undone.",
    );
  }
  const provider = client._activeProvider;
  if (provider !== undefined && provider !== "sqlite") {
    throw invalid(`The transaction leads to ${String(provider)}, and the tasks are kept in SQLite.`);
  }
}

/** Stores one task by the statements that the file's own connection uses. */
async function enqueueOne(
  transaction: TransactionClient,
  task: NewTask,
  facts: { readonly now: number; readonly prefix: string },
): Promise<EnqueueOutcome> {
  const steps = enqueueSteps(task, facts.now);
  for (let step = steps.next(); ; ) {
    if (step.done) return step.value;
    const { gives, sql, values } = step.value;
    const text = withPrefix(sql, facts.prefix);
    step = steps.next(
      gives === "row"
        ? (await transaction.$queryRawUnsafe<readonly unknown[]>(text, ...values))[0]
        : await transaction.$executeRawUnsafe(text, ...values),
    );
  }
}

async function enqueueAll(
  transaction: TransactionClient,
  { tasks, atomic, now }: EnqueueRequest,
  prefix: string,
): Promise<readonly EnqueueOutcome[]> {
  const outcomes: EnqueueOutcome[] = [];
  const plain = (text: string) => Promise.resolve(transaction.$executeRawUnsafe(text));
  const one = (task: NewTask) => enqueueOne(transaction, task, { now, prefix });
  const all = async () => {
    for (const task of tasks) {
      try {
        outcomes.push(await (atomic ? one(task) : allOrNone(plain, () => one(task))));
      } catch (error) {
        if (atomic || !isRefusal(error)) throw error;
        outcomes.push({ outcome: "failed", error: toTaskError(error) });
      }
    }
    return outcomes;
  };
  try {
    return await (atomic ? allOrNone(plain, all) : all());
  } catch (error) {
    throw toTaskError(error);
  }
}

/** The facet of transactions on the SQLite database of a Prisma client. */
export function sqliteTransactions(
  connection: SqliteConnection,
  prefix: string,
): Omit<Transactions, "runAttempt"> {
  const known = new WeakSet<object>();

  /** Another file may have the same tables: what was stored there would be found by nobody. */
  const checkFile = async (transaction: TransactionClient): Promise<void> => {
    const own = connection.file;
    if (known.has(transaction)) return;
    let file: string;
    try {
      file = await mainFileOf(transaction);
    } catch (error) {
      throw toTaskError(error);
    }
    if (file === "" || realFile(file) !== own) {
      throw invalid(
        `The transaction leads to ${file || "a database in memory"}, and the tasks are in ${own}.`,
      );
    }
    known.add(transaction);
  };

  return {
    check,

    enqueue: async ({ transaction, ...request }) => {
      check(transaction);
      await checkFile(transaction);
      return enqueueAll(transaction, request, prefix);
    },

    run: async ({ client: given, work, options }) => {
      if (!isPrismaClient(given)) {
        throw invalid(
          "A transaction needs the PrismaClient, such as prisma in client.transaction(prisma, …).",
        );
      }
      connection.checkOpen();
      return runLocked(given, { work, options }, async (transaction: TransactionClient) => {
        await checkFile(transaction);
        await transaction.$executeRawUnsafe(withPrefix(TAKE_LOCK, prefix));
      });
    },

    committed: () => connection.wakeReady(),
  };
}
