import type { Backend } from "../backend/index.ts";

/** What a backend can do, told from the facets it has. */
export interface Capabilities {
  /** Delayed tasks (Django: `supports_defer`). */
  readonly supportsDefer: boolean;
  /** Asynchronous handlers (Django: `supports_async_task`). */
  readonly supportsAsyncTask: boolean;
  /** Reading results (Django: `supports_get_result`). */
  readonly supportsGetResult: boolean;
  /** Order by priority (Django: `supports_priority`). */
  readonly supportsPriority: boolean;
  /** Workers claim from it. */
  readonly leases: boolean;
  /** It calls a webhook for each task, and no worker is needed. */
  readonly delivery: boolean;
  /** Expired leases are swept and finished results purged. */
  readonly maintenance: boolean;
  /** Lists and counts. */
  readonly inspector: boolean;
  /** Tells other processes at once, without polling. */
  readonly wakeups: boolean;
  /** Keeps schedules. */
  readonly schedules: boolean;
  /** Stores tasks in the caller's transactions. */
  readonly transactions: boolean;
  /** Those tasks wait in an outbox in the caller's database until they are relayed. */
  readonly outbox: boolean;
  /** Runs handlers of tasks with `transaction: true`. */
  readonly transactionalHandlers: boolean;
}

/** Lists what a backend can do. */
export function capabilitiesOf(backend: Backend): Capabilities {
  const leases = backend.leases !== undefined;
  return {
    supportsDefer: true,
    supportsAsyncTask: true,
    supportsGetResult: backend.delivery?.keepsResults ?? true,
    supportsPriority: leases,
    leases,
    delivery: backend.delivery !== undefined,
    maintenance: backend.maintenance !== undefined,
    inspector: backend.inspector !== undefined,
    wakeups: backend.wakeups !== undefined,
    schedules: backend.schedules !== undefined,
    transactions: backend.transactions !== undefined,
    outbox: backend.outbox !== undefined,
    transactionalHandlers: backend.transactions?.runAttempt !== undefined,
  };
}
