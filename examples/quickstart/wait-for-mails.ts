// Follows enqueued mails to their ends and counts.
import { isTaskError, type TaskResult } from "@taskwright/shared";
import type { EnqueuedMail } from "./enqueue-contacts.ts";

/** What became of the mails so far. */
export interface Tally {
  /** Sent by this run. */
  sent: number;
  /** Sent by an earlier run. */
  sentBefore: number;
  /** Sent by another run at the same time. */
  sentElsewhere: number;
  /** How many, sent or failed, took another attempt after one that went wrong. */
  retried: number;
  /** How many were held by a worker that was lost. */
  takenOver: number;
  /** The lines of the mails that could not be sent, by reason. */
  readonly failed: Map<string, number[]>;
}

export interface Wait {
  readonly tally: Tally;
  /** When this run began. */
  readonly since: Date;
  /** The name of this run's worker. */
  readonly workerId: string;
  readonly onFinished: (how: "sent" | "failed") => void;
}

const AT_ONCE = 100;

export function emptyTally(): Tally {
  return { sent: 0, sentBefore: 0, sentElsewhere: 0, retried: 0, takenOver: 0, failed: new Map() };
}

/** Waits until all have ended; takes each that has out of `mails`, so that those are left that have not. */
export async function waitForMails(
  mails: Set<EnqueuedMail>,
  wait: Wait & { readonly signal: AbortSignal },
): Promise<void> {
  await eachOf(mails, async (mail) => {
    await mail.result.get({ signal: wait.signal }).catch((error: unknown) => {
      // How it failed is in the record.
      if (!isTaskError(error, "TASK_FAILED") && !isTaskError(error, "TASK_CANCELLED")) throw error;
    });
    await countIfEnded(mail, wait, mails);
  });
}

/** Counts those that have ended by now, without waiting for any. */
export async function countEnded(mails: Set<EnqueuedMail>, wait: Wait): Promise<void> {
  await eachOf(mails, (mail) => countIfEnded(mail, wait, mails));
}

async function eachOf(
  mails: ReadonlySet<EnqueuedMail>,
  act: (mail: EnqueuedMail) => Promise<void>,
): Promise<void> {
  const next = [...mails].values();
  const follow = async () => {
    for (const mail of next) await act(mail);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, follow));
}

async function countIfEnded(mail: EnqueuedMail, wait: Wait, mails: Set<EnqueuedMail>): Promise<void> {
  const record = await mail.result.refresh();
  if (!record.isFinished || !mails.delete(mail)) return;
  count(record, mail.line, wait);
  wait.onFinished(record.status === "SUCCESSFUL" ? "sent" : "failed");
}

function count(
  { status, errors, finishedAt, workerIds }: TaskResult,
  line: number,
  { tally, since, workerId }: Wait,
): void {
  const isSent = status === "SUCCESSFUL";
  if (isSent && finishedAt !== null && finishedAt < since) {
    tally.sentBefore += 1;
    return;
  }
  if (isSent && workerIds.at(-1) !== workerId) {
    tally.sentElsewhere += 1;
    return;
  }
  const lost = errors.filter(({ type }) => type === "LEASE_EXPIRED").length;
  if (lost > 0) tally.takenOver += 1;
  // The last error of one that failed is its end.
  if (errors.length - lost > (isSent ? 0 : 1)) tally.retried += 1;
  if (isSent) tally.sent += 1;
  else {
    const reason = errors.at(-1)?.message ?? "cancelled";
    const lines = tally.failed.get(reason) ?? [];
    tally.failed.set(reason, lines);
    lines.push(line);
  }
}
