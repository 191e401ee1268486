import { type AbortSignalLike, isFinishedStatus, TaskError } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { Host } from "./host.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const POLL_WITH_WAKEUPS_MS = 5_000;
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 2_000;
/** How long after its time a wait lets the store answer its last read; the documentation of `get` says so too. */
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

/** What ends a wait early: its signal at once, its time after one last read. */
class Patience {
  /** Whether no further read is to be made. */
  isOver = false;
  #failure: TaskError | null = null;
  #onFailure: (failure: TaskError) => void = () => {};
  readonly #stops: (() => void)[] = [];

  constructor(id: string, parts: { readonly wait: Wait; readonly host: Host; readonly onOver: () => void }) {
    const { wait, host, onOver } = parts;
    const { timeoutMs, signal } = wait;
    const abort = () => this.#fail(aborted(id, signal));
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort);
    this.#stops.push(() => signal?.removeEventListener("abort", abort));
    if (timeoutMs === null) return;
    this.#stops.push(
      host.setTimer(timeoutMs, () => {
        this.isOver = true;
        onOver();
      }),
      host.setTimer(timeoutMs + LAST_READ_MS, () => this.#fail(timedOut(id, timeoutMs, null)), {
        keepAlive: true,
      }),
    );
  }

  /** Awaits one thing at a time; not by Promise.race(), which would keep every wake of a long wait in memory. */
  await<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#onFailure = reject;
      call().then(resolve, reject);
    });
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #fail(failure: TaskError): void {
    this.#failure ??= failure;
    this.#onFailure(this.#failure);
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
  let stopWatching: (() => void) | undefined;
  try {
    const found = await patience.await(parts.find);
    if (isFinishedStatus(found.record.status)) return found;
    const { opened } = found;
    const { wakeups } = opened.backend;
    stopWatching = wakeups?.watchResult({ id, wake: wake.signal });
    let pause = wakeups === undefined ? FIRST_POLL_MS : POLL_WITH_WAKEUPS_MS;
    for (;;) {
      const record = await patience.await(() => parts.read(opened));
      if (isFinishedStatus(record.status)) return { record, opened };
      if (patience.isOver) throw timedOut(id, wait.timeoutMs, record);
      const stopPoll = host.setTimer(pause, wake.signal, { keepAlive: true });
      try {
        await patience.await(() => wake.next());
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
