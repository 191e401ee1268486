import type {
  Backend,
  ClaimedTask,
  EnqueueOutcome,
  Lease,
  LeaseSource,
  NewTask,
  OutboxRow,
  OutboxSource,
  TakeAnswer,
  TakeRequest,
  TaskRecord,
} from "../../backend/index.ts";
import { derivedId } from "./derived-id.ts";
import type { SendOutcome } from "./sender.ts";

/** What the store has for each task that QStash may not have yet: a task of its own, in the same breath. */
export const UNSENT_PATH = "taskwright.unsent";
/** A queue of their own, so that no list or count of another shows them. */
export const UNSENT_QUEUE = "taskwright.unsent";
/** After how long a relay takes a task for unsent whose process has not said that it sent it. */
const SENT_WITHIN_MS = 60_000;
const WORKER = "qstash-relay";
/** After how long a process tries again to send what it could not send. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Of how many at once; the others wait for {@link SENT_WITHIN_MS}. */
const MOST_HURRIED = 100;

/** What is to be sent: a task, and why it is sent again where it has been sent before. */
export interface Sending {
  readonly id: string;
  readonly cause?: string | undefined;
}

/** The id of the note that a task is unsent: in the same place of the store, so that both are stored or neither. */
function noteId({ id, cause = "" }: Sending): string {
  return derivedId(`unsent\0${id}\0${cause}`, id.slice(-1));
}

function readNote(input: string | null): Sending {
  const { id, cause } = JSON.parse(input ?? "{}") as { readonly id: string; readonly cause?: string };
  return { id, cause };
}

/** A stored task result as it was enqueued, to be delivered again. */
export function toNewTask(record: TaskRecord): NewTask {
  const { id, path, queue, priority, codec, input, policy, parentId, scheduleId, tags, maxRetries } = record;
  const { runAfter, enqueuedAt, expiresAt } = record;
  return {
    ...{ id, path, queue, priority, codec, input, policy, parentId, scheduleId, tags, maxRetries },
    ...{ runAfter, enqueuedAt, expiresAt },
    // Its place in a line that nobody pulls from.
    rank: runAfter,
    deduplication: null,
  };
}

/** Sends tasks, each as its note says. */
export type SendStored = (
  items: readonly { readonly task: NewTask; readonly cause: string | undefined }[],
  now: number,
) => Promise<readonly SendOutcome[]>;

/**
 * Notes in the store which tasks QStash may not have yet, and the source from which a relay sends them.
 *
 * A note is a task of the path `taskwright.unsent` whose input is the id of the unsent one; its lease is what relays hold
 * it by.
 */
export class UnsentTasks implements OutboxSource {
  readonly #store: Backend;
  readonly #leases: LeaseSource;
  readonly #send: SendStored;
  #look = () => {};

  constructor(store: Backend & { readonly leases: LeaseSource }, send: SendStored) {
    this.#store = store;
    this.#leases = store.leases;
    this.#send = send;
  }

  /** The note of a task, to be stored with it. */
  note(task: Sending, times: { readonly now: number; readonly at?: number }): NewTask {
    const { now, at = now + SENT_WITHIN_MS } = times;
    const { id, cause } = task;
    return {
      id: noteId(task),
      path: UNSENT_PATH,
      queue: UNSENT_QUEUE,
      priority: 0,
      rank: at,
      runAfter: at,
      enqueuedAt: now,
      expiresAt: null,
      codec: "json",
      input: JSON.stringify({ id, cause }),
      maxRetries: 0,
      policy: null,
      parentId: null,
      scheduleId: null,
      tags: [],
      deduplication: null,
    };
  }

  /** Notes that tasks have been sent, or were never stored; where that fails a relay finds it out. */
  async forget(sendings: readonly Sending[]): Promise<void> {
    if (sendings.length === 0) return;
    await this.#store.store.delete({ ids: sendings.map(noteId) }).catch(() => undefined);
  }

  /** Lets a relay try again soon to send what could not be sent. */
  async sendLater(sendings: readonly Sending[], now: number): Promise<void> {
    const notes = sendings.slice(0, MOST_HURRIED).map(noteId);
    const error = "QStash could not be reached.";
    try {
      const claimed = await this.#claim({ notes, limit: notes.length, leaseMs: SENT_WITHIN_MS, now });
      await this.#later(claimed, { until: now + FIRST_PAUSE_MS, error, now });
    } catch {
      // The note has a time of its own, when a relay looks in any case.
    }
    this.#look();
  }

  async #claim(request: {
    readonly notes: readonly string[] | undefined;
    readonly limit: number;
    readonly leaseMs: number;
    readonly now: number;
  }): Promise<readonly ClaimedTask[]> {
    const { notes, limit, leaseMs, now } = request;
    const tasks = [{ path: UNSENT_PATH, lease: leaseMs }];
    const ask = { workerId: WORKER, tasks, queues: "all" as const, now };
    if (notes === undefined) return (await this.#leases.claim({ ...ask, limit })).claimed;
    const claimed: ClaimedTask[] = [];
    for (const id of notes) claimed.push(...(await this.#leases.claim({ ...ask, limit: 1, id })).claimed);
    return claimed;
  }

  watchLeft(look: () => void): void {
    this.#look = look;
  }

  async take({ ids, limit, until, now }: TakeRequest): Promise<TakeAnswer> {
    const notes = ids?.map((id) => noteId({ id }));
    const claimed = await this.#claim({ notes, limit, leaseMs: until - now, now });
    if (claimed.length === 0) return { rows: [], held: 0 };
    const records = await this.#store.store.get({ ids: claimed.map(({ input }) => readNote(input).id) });
    const rows: OutboxRow[] = [];
    const done: Lease[] = [];
    const running: ClaimedTask[] = [];
    for (const [index, note] of claimed.entries()) {
      const record = records[index];
      const { id, token, input, retriesUsed: refusals } = note;
      const { cause } = readNote(input);
      if (record?.status === "READY") {
        const held = JSON.stringify([id, token, cause ?? null]);
        rows.push({ seq: index, token: held, task: toNewTask(record), refusals, isStored: true });
      } else if (record?.status === "RUNNING" && cause !== undefined) running.push(note);
      // What runs has been delivered, and what has ended or was deleted needs it no more.
      else done.push({ id, token });
    }
    await this.#end(done, now);
    // Nobody delivers it when the process that runs it dies, so the note stays until it has ended.
    for (const note of running) {
      const pause = Math.min(SENT_WITHIN_MS * 2 ** note.retriesUsed, LONGEST_PAUSE_MS);
      await this.#later([note], { until: now + pause, error: "It was being run.", now });
    }
    return { rows, held: 0 };
  }

  async deliver({
    rows,
    now,
  }: {
    readonly rows: readonly OutboxRow[];
    readonly now: number;
  }): Promise<readonly EnqueueOutcome[]> {
    const items = rows.flatMap((row) =>
      row.task === null ? [] : [{ task: row.task, cause: heldBy(row).cause }],
    );
    const sent = await this.#send(items, now);
    return sent.map((answer) => (answer.outcome === "sent" ? { outcome: "stored" } : answer));
  }

  async remove({ rows }: { readonly rows: readonly OutboxRow[] }): Promise<void> {
    await this.#end(
      rows.map((row) => heldBy(row).lease),
      Date.now(),
    );
  }

  async giveBack({ rows }: { readonly rows: readonly OutboxRow[] }): Promise<void> {
    const items = rows.map((row) => ({ lease: heldBy(row).lease, when: "now" as const, started: false }));
    await this.#leases.release({ items, now: Date.now() });
  }

  async refuse({
    row,
    error,
    until,
  }: {
    readonly row: OutboxRow;
    readonly error: string;
    readonly until: number;
  }): Promise<void> {
    await this.#later([heldBy(row).lease], { until, error, now: Date.now() });
  }

  async #later(
    leases: readonly Lease[],
    why: { readonly until: number; readonly error: string; readonly now: number },
  ): Promise<void> {
    const { until, error, now } = why;
    if (leases.length === 0) return;
    const settlement = {
      status: "READY" as const,
      runAfter: until,
      rank: until,
      error: {
        type: "EXECUTION_ERROR" as const,
        exceptionClass: "Refused",
        message: error,
        stack: null,
        attempt: 1,
        workerId: WORKER,
        at: new Date(now).toISOString(),
      },
    };
    await this.#leases.settle({ items: leases.map((lease) => ({ lease, settlement })), now });
  }

  async #end(leases: readonly Lease[], now: number): Promise<void> {
    if (leases.length === 0) return;
    const items = leases.map((lease) => ({
      lease,
      settlement: { status: "SUCCESSFUL" as const, output: null },
    }));
    await this.#leases.settle({ items, now });
    await this.#store.store.delete({ ids: leases.map(({ id }) => id) });
  }
}

/** What a row's token holds beside the lease's own: the note's id, and why its task is sent again. */
function heldBy({ token }: OutboxRow): { readonly lease: Lease; readonly cause: string | undefined } {
  const [id, own, cause] = JSON.parse(token) as readonly [string, string, string | null];
  return { lease: { id, token: own }, cause: cause ?? undefined };
}
