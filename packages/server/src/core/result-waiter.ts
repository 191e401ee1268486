import { type AbortSignalLike, isFinishedStatus, TaskError } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { Host } from "./host.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const POLL_WITH_WAKEUPS_MS = 5_000;
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 2_000;
/** How long after its time a wait lets the store answer its last read. */
const LAST_READ_MS = 2_000;

/** How long to wait for a task result. */
export interface Wait {
  readonly timeoutMs: number | null;
  readonly signal: AbortSignalLike | null;
}

/** Something that can be awaited again and again. */
class Wake {
  #resolve: (() => void) | null = null;
  #pending = false;

  readonly signal = (): void => {
    if (this.#resolve === null) this.#pending = true;
    else this.#resolve();
  };

  /** Resolves at the next signal, or at once after one that nobody awaited. */
  next(): Promise<void> {
    if (this.#pending) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = () => {
        this.#resolve = null;
        resolve();
      };
    });
  }
}

/** What a wait has found last. */
interface Found {
  readonly record: TaskRecord;
  readonly opened: OpenedBackend;
}

/** What ends a wait early. */
class Patience {
  /** Rejects when the signal aborts, and when a read that was begun in time has not answered after all. */
  readonly ended: Promise<never>;
  /** Whether no further read is to be made. */
  isOver = false;
  readonly #stops: (() => void)[] = [];

  constructor(id: string, parts: { readonly wait: Wait; readonly host: Host; readonly onOver: () => void }) {
    const { wait, host, onOver } = parts;
    const { timeoutMs, signal } = wait;
    this.ended = new Promise((_, reject) => {
      const abort = () => reject(aborted(id, signal));
      if (signal?.aborted === true) abort();
      signal?.addEventListener("abort", abort);
      this.#stops.push(() => signal?.removeEventListener("abort", abort));
      if (timeoutMs === null) return;
      this.#stops.push(
        host.setTimer(timeoutMs, () => {
          this.isOver = true;
          onOver();
        }),
        host.setTimer(timeoutMs + LAST_READ_MS, () => reject(timedOut(id, timeoutMs, null)), {
          keepAlive: true,
        }),
      );
    });
    // Whoever waits races with it; a wait that has ended otherwise leaves it to nobody.
    this.ended.catch(() => undefined);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

function aborted(id: string, signal: AbortSignalLike | null): TaskError {
  const message = `The wait for ${id} was ended by its signal.`;
  return new TaskError({ code: "ABORTED", message, cause: signal?.reason });
}

function timedOut(id: string, timeoutMs: number | null, record: TaskRecord | null): TaskError {
  return new TaskError({
    code: "RESULT_TIMEOUT",
    message:
      record === null
        ? `The store did not say within ${timeoutMs} ms what became of ${id}; the task goes on.`
        : `${record.path} ${id} was still ${record.status} after ${timeoutMs} ms; it goes on.`,
    data: { id, ...(record === null ? {} : { path: record.path, status: record.status }) },
  });
}

/**
 * Waits until a task result has ended.
 *
 * It reads, watches, and reads again, so that no end falls between; it polls slowly beside the watch, in case a wake is
 * lost, and with growing pauses where the backend has no wakeups. `find` rejects when there is nothing to wait for.
 */
export async function waitForEnd(
  id: string,
  parts: {
    readonly wait: Wait;
    readonly host: Host;
    readonly find: () => Promise<Found>;
    /** Reads again what was found. */
    readonly read: (opened: OpenedBackend) => Promise<TaskRecord>;
  },
): Promise<Found> {
  const { wait, host } = parts;
  const wake = new Wake();
  const patience = new Patience(id, { wait, host, onOver: wake.signal });
  const inTime = <T>(running: Promise<T>): Promise<T> => Promise.race([running, patience.ended]);
  let stopWatching: (() => void) | undefined;
  try {
    if (wait.signal?.aborted === true) await patience.ended;
    const found = await inTime(parts.find());
    if (isFinishedStatus(found.record.status)) return found;
    const { opened } = found;
    const { wakeups } = opened.backend;
    stopWatching = wakeups?.watchResult({ id, wake: wake.signal });
    let pause = wakeups === undefined ? FIRST_POLL_MS : POLL_WITH_WAKEUPS_MS;
    for (;;) {
      const record = await inTime(parts.read(opened));
      if (isFinishedStatus(record.status)) return { record, opened };
      if (patience.isOver) throw timedOut(id, wait.timeoutMs, record);
      const stopPoll = host.setTimer(pause, wake.signal, { keepAlive: true });
      try {
        await inTime(wake.next());
      } finally {
        stopPoll();
      }
      if (wakeups === undefined) pause = Math.min(pause * 1.5, LONGEST_POLL_MS);
    }
  } finally {
    stopWatching?.();
    patience.stop();
  }
}
