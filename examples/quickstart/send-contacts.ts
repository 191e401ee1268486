// The heart of the job: enqueue a mail for each contact, let a worker process send them, wait until all have ended.
import { randomUUID } from "node:crypto";
import { createTaskClient } from "@taskwright/server";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { type EnqueuedMail, enqueueContacts } from "./enqueue-contacts.ts";
import type { Progress } from "./progress.ts";
import type { BadRow, ContactRow } from "./read-contacts.ts";
import { tasks } from "./tasks.ts";
import { countEnded, emptyTally, type Tally, waitForMails } from "./wait-for-mails.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

export interface Sending {
  readonly tally: Tally;
  /** Rows that a task cannot carry. */
  readonly badRows: readonly BadRow[];
  readonly seconds: number;
}

export interface SendingParts {
  readonly databaseFile: string;
  readonly progress: Progress;
  /** Ends it early when it aborts, and is aborted when the worker dies; mails that are not sent yet stay stored. */
  readonly stop: AbortController;
  /** Told how many mails another worker holds already: one of another run, or one that was killed. */
  readonly onHeld: (count: number) => void;
}

export async function sendContacts(
  rows: readonly ContactRow[],
  { databaseFile, progress, stop, onHeld }: SendingParts,
): Promise<Sending> {
  const tally = emptyTally();
  const workerId = `quickstart-${randomUUID()}`;
  const since = new Date();
  const wait = { tally, since, workerId, onFinished: progress.count };
  let badRows: readonly BadRow[] = [];
  let mails = new Set<EnqueuedMail>();
  let worker: WorkerProcess | undefined;
  const client = createTaskClient(tasks, { backend: sqliteBackend({ file: databaseFile }) });
  try {
    const enqueued = await enqueueContacts(client, rows, stop.signal);
    badRows = enqueued.badRows;
    progress.leaveOut(badRows.length);
    mails = new Set(enqueued.mails);
    const { results: held } = await client.results.list({ status: "RUNNING", limit: 1000 });
    if (held.length > 0) onHeld(held.length);
    worker = startWorkerProcess(workerId, (how) =>
      stop.abort(`The worker process ended by itself (${how}).`),
    );
    await waitForMails(mails, { ...wait, signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    progress.stop();
    await worker?.stop();
    // What the worker finished after the interruption counts as well.
    if (stop.signal.aborted) await countEnded(mails, wait);
    await client.close();
  }
  return { tally, badRows, seconds: (Date.now() - since.getTime()) / 1000 };
}
