import { type AbortSignalLike, isFinishedStatus, TaskError } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { Host } from "./host.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const POLL_WITH_WAKEUPS_MS = 5_000;
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 2_000;

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

/**
 * Waits until a task result has ended.
 *
 * It watches before it reads, so that no end falls between; it polls slowly beside the watch, in case a wake is lost,
 * and with growing pauses where the backend has no wakeups. `read` rejects when there is nothing to wait for.
 */
export async function waitForEnd(
  opened: OpenedBackend,
  id: string,
  parts: { readonly wait: Wait; readonly host: Host; readonly read: () => Promise<TaskRecord> },
): Promise<TaskRecord> {
  const { wait, host, read } = parts;
  const throwIfAborted = (signal: AbortSignalLike | null) => {
    if (signal?.aborted !== true) return;
    throw new TaskError({
      code: "ABORTED",
      message: `The wait for ${id} was ended by its signal.`,
      cause: signal.reason,
    });
  };
  throwIfAborted(wait.signal);
  const wake = new Wake();
  const wakeups = opened.backend.wakeups;
  const stopWatching = wakeups?.watchResult({ id, wake: wake.signal });
  let timedOut = false;
  const stopTimeout =
    wait.timeoutMs === null
      ? undefined
      : host.setTimer(wait.timeoutMs, () => {
          timedOut = true;
          wake.signal();
        });
  wait.signal?.addEventListener("abort", wake.signal);
  let pause = wakeups === undefined ? FIRST_POLL_MS : POLL_WITH_WAKEUPS_MS;
  try {
    for (;;) {
      const record = await read();
      if (isFinishedStatus(record.status)) return record;
      throwIfAborted(wait.signal);
      if (timedOut) {
        throw new TaskError({
          code: "RESULT_TIMEOUT",
          message: `${record.path} ${id} was still ${record.status} after ${wait.timeoutMs} ms; it goes on.`,
          data: { id, path: record.path, status: record.status },
        });
      }
      const stopPoll = host.setTimer(pause, wake.signal, { keepAlive: true });
      await wake.next();
      stopPoll();
      if (wakeups === undefined) pause = Math.min(pause * 1.5, LONGEST_POLL_MS);
    }
  } finally {
    stopWatching?.();
    stopTimeout?.();
    wait.signal?.removeEventListener("abort", wake.signal);
  }
}
