/** Ends a watch; safe to call twice. */
export type StopWatching = () => void;

/**
 * The facet of backends that can tell other processes at once.
 *
 * A wake is a hint to look: it may come without cause, and it is repeated after a lost connection, so that a caller who
 * looks at every wake misses nothing. Callers coalesce.
 */
export interface Wakeups {
  /** How often a worker has to look beside its wakes, in milliseconds; each second where it is not said. */
  readonly lookEveryMs?: number;
  /** Wakes after task results become due in one of the queues. */
  watchReady(request: {
    readonly queues: readonly string[] | "all";
    readonly wake: () => void;
  }): StopWatching;
  /** Wakes after the task result ends or reports progress. */
  watchResult(request: { readonly id: string; readonly wake: () => void }): StopWatching;
  /** Wakes after a cancel of a task result that this worker runs. */
  watchCancels(request: { readonly workerId: string; readonly wake: () => void }): StopWatching;
}
