// The heart of the job: enqueue a mail for each contact, let a worker process send them, wait until all have ended.
import { createTaskClient } from "@taskwright/server";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { enqueueContacts } from "./enqueue-contacts.ts";
import type { Progress } from "./progress.ts";
import type { BadRow, ContactRow } from "./read-contacts.ts";
import { tasks } from "./tasks.ts";
import { emptyTally, type Tally, waitForMails } from "./wait-for-mails.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

export interface Sending {
  readonly tally: Tally;
  /** Rows that a task cannot carry. */
  readonly badRows: readonly BadRow[];
  readonly seconds: number;
}

/** @param stop ends it early when it aborts, and is aborted when the worker dies; mails that are not sent yet stay stored */
export async function sendContacts(
  rows: readonly ContactRow[],
  { databaseFile, progress, stop }: { databaseFile: string; progress: Progress; stop: AbortController },
): Promise<Sending> {
  const since = new Date();
  const tally = emptyTally();
  let badRows: readonly BadRow[] = [];
  let worker: WorkerProcess | undefined;
  const client = createTaskClient(tasks, { backend: sqliteBackend({ file: databaseFile }) });
  try {
    const enqueued = await enqueueContacts(client, rows, stop.signal);
    badRows = enqueued.badRows;
    progress.increment(badRows.length);
    worker = startWorkerProcess((how) => stop.abort(`The worker process ended by itself (${how}).`));
    const onFinished = () => progress.increment(1);
    await waitForMails(enqueued.mails, { tally, since, signal: stop.signal, onFinished });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    progress.stop();
    await worker?.stop();
    await client.close();
  }
  return { tally, badRows, seconds: (Date.now() - since.getTime()) / 1000 };
}
