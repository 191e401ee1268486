import type { TaskStatus } from "@taskwright/shared";
import type { StopWatching, TaskRecord, Wakeups } from "../../backend/index.ts";

/** Wakes the watchers of what happened. */
export interface WakeBoard {
  readonly wakeups: Wakeups;
  /** A task result's state or progress has changed. */
  announce(record: TaskRecord): void;
  announceCancel(workerId: string): void;
  stopAll(): void;
}

interface Watcher {
  readonly isOf: (queue: string) => boolean;
  readonly wake: () => void;
}

const WAITING: TaskStatus = "READY";

/** Makes a board without watchers; wakes come after the operation that caused them, once for many causes. */
export function createWakeBoard(): WakeBoard {
  const readyWatchers = new Set<Watcher>();
  const resultWatchers = new Map<string, Set<Watcher>>();
  const cancelWatchers = new Map<string, Set<Watcher>>();
  let woken = new Set<Watcher>();

  const wake = (watchers: Iterable<Watcher>): void => {
    for (const watcher of watchers) {
      if (woken.size === 0) {
        queueMicrotask(() => {
          const all = woken;
          woken = new Set();
          for (const one of all) one.wake();
        });
      }
      woken.add(watcher);
    }
  };

  const watch = (watchers: Set<Watcher>, watcher: Watcher, onStop?: () => void): StopWatching => {
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
      woken.delete(watcher);
      onStop?.();
    };
  };

  const watchKey = (board: Map<string, Set<Watcher>>, key: string, wake: () => void): StopWatching => {
    const watchers = board.get(key) ?? new Set<Watcher>();
    board.set(key, watchers);
    return watch(watchers, { isOf: () => true, wake }, () => {
      if (watchers.size === 0 && board.get(key) === watchers) board.delete(key);
    });
  };

  return {
    wakeups: {
      watchReady: ({ queues, wake }) => {
        const names = new Set(queues === "all" ? [] : queues);
        return watch(readyWatchers, { isOf: (queue) => queues === "all" || names.has(queue), wake });
      },
      watchResult: ({ id, wake }) => watchKey(resultWatchers, id, wake),
      watchCancels: ({ workerId, wake }) => watchKey(cancelWatchers, workerId, wake),
    },
    announce: ({ id, status, queue }) => {
      if (status === WAITING) wake([...readyWatchers].filter((watcher) => watcher.isOf(queue)));
      else wake(resultWatchers.get(id) ?? []);
    },
    announceCancel: (workerId) => wake(cancelWatchers.get(workerId) ?? []),
    stopAll: () => {
      readyWatchers.clear();
      resultWatchers.clear();
      cancelWatchers.clear();
      woken.clear();
    },
  };
}
