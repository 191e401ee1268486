import { TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, NewTask, Transactions } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** Finds the backend that knows callers' transactions, the default one first; throws NOT_SUPPORTED when none does. */
export function findTransactions(engine: Engine): {
  readonly opened: OpenedBackend;
  readonly transactions: Transactions;
} {
  const all = [...engine.backends.values()];
  const found = all
    .sort((left, right) => Number(right.name === "default") - Number(left.name === "default"))
    .find(({ backend }) => backend.transactions !== undefined);
  const opened = found ?? engine.backend("default");
  return { opened, transactions: transactionsOf(opened) };
}

function transactionsOf(opened: OpenedBackend): Transactions {
  return opened.backend.transactions ?? lacksTransactions(opened);
}

function lacksTransactions({ name, backend }: OpenedBackend): never {
  throw new TaskError({
    code: "NOT_SUPPORTED",
    message: `The backend "${name}" (${backend.kind}) cannot store tasks in your transactions: it does not keep them in your database, and has no outbox there.`,
  });
}

/** A transaction of the caller's, as the client that enqueues in it sees it. */
export class TransactionScope {
  readonly #transaction: unknown;
  readonly #used = new Set<Transactions>();
  /** What waits in outboxes, by the backend that it is for. */
  readonly #left = new Map<OpenedBackend, string[]>();
  #afterCommit: (() => void)[] | null;
  #isEnded = false;

  /** @param isWatched whether its end will be told by {@link end} and {@link committed} */
  constructor(transaction: unknown, isWatched: boolean) {
    this.#transaction = transaction;
    this.#afterCommit = isWatched ? [] : null;
  }

  /** Stores task results in the transaction; rejects with TRANSACTION_ENDED after its end. */
  async enqueue(
    opened: OpenedBackend,
    tasks: readonly NewTask[],
    atomic: boolean,
  ): Promise<readonly EnqueueOutcome[]> {
    if (this.#isEnded) {
      throw new TaskError({
        code: "TRANSACTION_ENDED",
        message:
          "The transaction ended before this call reached it; nothing was stored. Await every call inside the function that client.transaction() runs.",
      });
    }
    const transactions = transactionsOf(opened);
    transactions.check(this.#transaction);
    this.#used.add(transactions);
    const outcomes = await transactions.enqueue({
      tasks,
      atomic,
      now: opened.clock.now(),
      transaction: this.#transaction,
    });
    if (this.#afterCommit === null) opened.relay?.soon();
    else if (opened.relay !== null) {
      const left = this.#left.get(opened) ?? [];
      this.#left.set(opened, left);
      for (const { id } of tasks) left.push(id);
    }
    return outcomes;
  }

  /** Does what tells others of a task result: after the commit, or at once where nobody will tell of that. */
  whenCommitted(tell: () => void): void {
    if (this.#afterCommit === null) tell();
    else this.#afterCommit.push(tell);
  }

  /** Refuses what comes from now on. */
  end(): void {
    this.#isEnded = true;
  }

  /** Lets workers of this process look at once, and listeners know. */
  committed(): void {
    for (const transactions of this.#used) transactions.committed();
    const waiting = this.#afterCommit ?? [];
    this.#afterCommit = null;
    for (const tell of waiting) tell();
  }

  /** Brings what has been committed from outboxes into the backends; what cannot be brought now is left to later looks. */
  async relayed(): Promise<void> {
    await Promise.all([...this.#left].map(([{ relay }, ids]) => relay?.now(ids)));
  }
}
