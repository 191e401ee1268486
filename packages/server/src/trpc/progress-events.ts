import {
  isFinishedStatus,
  type ProgressUpdate,
  type ResultAddress,
  type TaskTransport,
} from "@taskwright/shared";
import { tracked } from "@trpc/server";
import type { CancelTimer, Host } from "../core/host.ts";
import type { ProgressEvent } from "./task-router.ts";

/** One who takes no event for this long costs the store nothing more, and is told the state of then when it goes on. */
const LONGEST_STALL_MS = 60_000;

/** What a subscription has not sent yet: the newest state only, so that one who reads slowly takes no memory. */
class Newest {
  update: ProgressUpdate | null = null;
  failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => {};

  readonly changed = (): void => this.#wake();

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * An event that tRPC sends with its id, as `tracked()` makes it.
 *
 * Callers in this process get it as it is; `id` and `data` make it look to them as it does to clients.
 */
function eventOf(id: string, update: ProgressUpdate): ProgressEvent {
  return Object.assign(tracked(id, update), { id, data: update });
}

/**
 * Yields where a task result stands, at first and at each change, until it has ended.
 *
 * The id of an event is a digest of the state, so that whoever comes back with it gets what has changed since.
 */
export async function* progressEvents(
  transport: Pick<TaskTransport, "watchProgress">,
  address: ResultAddress,
  parts: {
    readonly lastEventId: string | null;
    readonly signal: AbortSignal | undefined;
    readonly host: Pick<Host, "setTimer" | "sha256">;
  },
): AsyncGenerator<ProgressEvent, void> {
  const { signal, host } = parts;
  let lastId = parts.lastEventId;
  const newest = new Newest();
  signal?.addEventListener("abort", newest.changed);
  const watch = () =>
    transport.watchProgress(address, {
      onUpdate: (update) => {
        newest.update = update;
        newest.changed();
      },
      onError: (error) => {
        newest.failure = { error };
        newest.changed();
      },
    });
  let stop: (() => void) | null = watch();
  const rest = () => {
    stop?.();
    stop = null;
  };
  const stall = () => {
    rest();
    // It may have changed since, unless it has ended.
    if (newest.update !== null && !isFinishedStatus(newest.update.status)) newest.update = null;
  };
  let stopTimer: CancelTimer = () => {};
  try {
    while (signal?.aborted !== true) {
      const { update, failure } = newest;
      if (update !== null) {
        newest.update = null;
        const id = host.sha256(JSON.stringify(update)).slice(0, 32);
        if (id !== lastId) {
          stopTimer = host.setTimer(LONGEST_STALL_MS, stall);
          yield eventOf(id, update);
          stopTimer();
        }
        lastId = id;
        if (isFinishedStatus(update.status)) return;
        stop ??= watch();
      } else if (failure !== null) throw failure.error;
      else await newest.next();
    }
  } finally {
    stopTimer();
    rest();
    signal?.removeEventListener("abort", newest.changed);
  }
}
