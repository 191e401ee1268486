import { TaskError } from "@taskwright/shared";
import type { Transactions } from "../backend/index.ts";
import type { RunningAttempt } from "./attempt.ts";
import { ABORT_GRACE_MS } from "./lease-keeper.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** What runs a handler in a transaction. */
type RunAttempt = NonNullable<Transactions["runAttempt"]>;

/** Finds what runs handlers in transactions; throws NOT_SUPPORTED with the reason where the backend cannot. */
export function transactionRunnerOf(opened: OpenedBackend, path: string): RunAttempt {
  const { name, backend } = opened;
  const { runAttempt } = backend.transactions ?? {};
  if (runAttempt !== undefined) return runAttempt;
  const reason =
    backend.transactions === undefined || backend.outbox !== undefined
      ? "it does not keep tasks in a database of yours"
      : "it has one writer at a time, which a handler would hold up";
  throw new TaskError({
    code: "NOT_SUPPORTED",
    message: `The task ${path} has transaction: true, and the backend "${name}" (${backend.kind}) cannot run handlers in transactions: ${reason}. PostgreSQL, MySQL and MariaDB can.`,
    data: { path, backend: name },
  });
}

/**
 * Runs a handler in a transaction that also ends its attempt, as its last statement; rejects with whatever undid it.
 *
 * @param produce calls the handler and encodes its output
 * @param onSettling called when the handler has ended, before the end of the attempt is stored
 * @param onSettled called when that is stored, and only the commit is left
 */
export async function runInTransaction(
  attempt: RunningAttempt,
  parts: {
    readonly produce: (tx: unknown) => Promise<string | null>;
    readonly onSettling: () => void;
    readonly onSettled: () => void;
  },
): Promise<void> {
  const { opened, timeoutMs, claimed } = attempt;
  const { produce, onSettling, onSettled } = parts;
  await transactionRunnerOf(
    opened,
    attempt.path,
  )({
    // A handler that stops in time after its signal has aborted may still commit.
    timeoutMs: timeoutMs === null ? null : timeoutMs + ABORT_GRACE_MS,
    work: async (tx, settle) => {
      const output = await produce(tx);
      attempt.throwIfLost();
      onSettling();
      const { id, token } = claimed;
      const [outcome] = await settle({
        items: [{ lease: { id, token }, settlement: { status: "SUCCESSFUL", output } }],
        now: opened.clock.now(),
      });
      if (outcome?.outcome !== "applied") {
        attempt.abort("lease-lost");
        attempt.throwIfLost();
      }
      onSettled();
    },
  });
}
