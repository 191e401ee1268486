// Follows enqueued mails to their ends and counts.
import { isTaskError } from "@taskwright/shared";
import type { EnqueuedMail } from "./enqueue-contacts.ts";

/** What became of the mails so far. */
export interface Tally {
  sent: number;
  /** Sent by an earlier run. */
  sentBefore: number;
  /** How many, sent or failed, took more than one attempt. */
  retried: number;
  /** The lines of the mails that could not be sent, by reason. */
  readonly failed: Map<string, number[]>;
}

export interface Wait {
  readonly tally: Tally;
  /** When this run began. */
  readonly since: Date;
  readonly signal: AbortSignal;
  readonly onFinished: () => void;
}

const AT_ONCE = 100;

export function emptyTally(): Tally {
  return { sent: 0, sentBefore: 0, retried: 0, failed: new Map() };
}

export async function waitForMails(mails: readonly EnqueuedMail[], wait: Wait): Promise<void> {
  const next = mails.values();
  const follow = async () => {
    for (const mail of next) {
      await waitForMail(mail, wait);
      wait.onFinished();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, follow));
}

async function waitForMail({ line, result }: EnqueuedMail, { tally, since, signal }: Wait): Promise<void> {
  await result.get({ signal }).catch((error: unknown) => {
    // How it failed is in the record.
    if (!isTaskError(error, "TASK_FAILED") && !isTaskError(error, "TASK_CANCELLED")) throw error;
  });
  const { status, attempts, finishedAt, errors } = await result.refresh();
  if (status === "SUCCESSFUL" && finishedAt !== null && finishedAt < since) {
    tally.sentBefore += 1;
    return;
  }
  if (attempts > 1) tally.retried += 1;
  if (status === "SUCCESSFUL") tally.sent += 1;
  else {
    const reason = errors.at(-1)?.message ?? "cancelled";
    const lines = tally.failed.get(reason) ?? [];
    tally.failed.set(reason, lines);
    lines.push(line);
  }
}
