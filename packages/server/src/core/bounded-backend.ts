import { TaskError } from "@taskwright/shared";
import type {
  Backend,
  ClaimAnswer,
  DeadLetters,
  DeliverySource,
  LeaseSource,
  Maintenance,
  OutboxSource,
  ScheduleStore,
  Schema,
  TaskInspector,
  TaskStore,
  Transactions,
} from "../backend/index.ts";
import { answerWithin } from "./bounded-answer.ts";
import type { Host } from "./host.ts";

/** How long what attempts and callers wait for may take; most backends give up on locks and connections long before. */
const LONGEST_ANSWER_MS = 60_000;
/** The same of what may look through the whole store, or change its schema. */
const LONGEST_WORK_MS = 10 * 60_000;
const LONGEST_CLOSE_MS = 5_000;
const WORK_AFTER_WAIT_MS = 30_000;

type Within = <T>(what: string, call: () => Promise<T>, onLate?: (answer: T) => void) => Promise<T>;

function boundedStore(store: TaskStore, soon: Within, patiently: Within): TaskStore {
  const { placeId } = store;
  return {
    ...(placeId === undefined ? {} : { placeId }),
    // An atomic one may be of any length.
    enqueue: (request) => (request.atomic ? patiently : soon)("an enqueue", () => store.enqueue(request)),
    get: (request) => soon("a read", () => store.get(request)),
    cancel: (request) => soon("a cancel", () => store.cancel(request)),
    requeue: (request) => soon("a retry by hand", () => store.requeue(request)),
    delete: (request) => soon("a delete", () => store.delete(request)),
  };
}

function boundedLeases(
  leases: LeaseSource,
  soon: Within,
  giveBack: (answer: ClaimAnswer) => void,
): LeaseSource {
  return {
    claim: (request) => soon("a claim", () => leases.claim(request), giveBack),
    begin: (request) => soon("the beginning of an attempt", () => leases.begin(request)),
    renew: (request) => soon("a renewal", () => leases.renew(request)),
    settle: (request) => soon("the end of an attempt", () => leases.settle(request)),
    release: (request) => soon("a release", () => leases.release(request)),
    progress: (request) => soon("progress", () => leases.progress(request)),
  };
}

function boundedDelivery(
  delivery: DeliverySource,
  soon: Within,
  giveBack: (answer: ClaimAnswer) => void,
): DeliverySource {
  const { postpone } = delivery;
  return {
    webhookPath: delivery.webhookPath,
    keepsResults: delivery.keepsResults,
    read: (call) => delivery.read(call),
    receive: (request) => soon("the keeping of what was delivered", () => delivery.receive(request)),
    state: (request) => soon("a read", () => delivery.state(request)),
    resend: (request) => soon("a delivery", () => delivery.resend(request)),
    ...(postpone === undefined
      ? {}
      : { postpone: (request) => soon("the keeping of a task for later", () => postpone(request)) }),
    leases: boundedLeases(delivery.leases, soon, giveBack),
  };
}

function boundedDeadLetters(deadLetters: DeadLetters, soon: Within): DeadLetters {
  return {
    list: (filter) => soon("a list of dead letters", () => deadLetters.list(filter)),
    get: (id) => soon("a read of a dead letter", () => deadLetters.get(id)),
    redrive: (id) => soon("the redrive of a dead letter", () => deadLetters.redrive(id)),
    delete: (id) => soon("the deletion of a dead letter", () => deadLetters.delete(id)),
  };
}

function boundedMaintenance(maintenance: Maintenance, patiently: Within): Maintenance {
  const { indexInputs } = maintenance;
  return {
    get sweepEveryMs() {
      return maintenance.sweepEveryMs;
    },
    sweep: (request) => patiently("a sweep", () => maintenance.sweep(request)),
    purge: (request) => patiently("a purge", () => maintenance.purge(request)),
    ...(indexInputs === undefined
      ? {}
      : { indexInputs: (request) => patiently("an index of inputs", () => indexInputs(request)) }),
  };
}

function boundedSchema(schema: Schema, patiently: Within): Schema {
  return {
    pending: () => patiently("a look at its tables", () => schema.pending()),
    migrate: () => patiently("a migration", () => schema.migrate()),
    written: () => patiently("what its migrations are", () => schema.written()),
  };
}

function boundedInspector(inspector: TaskInspector, patiently: Within): TaskInspector {
  const { count } = inspector;
  return {
    list: (request) => patiently("a list", () => inspector.list(request)),
    ...(count === undefined ? {} : { count: (request) => patiently("a count", () => count(request)) }),
    countByQueue: (request) => patiently("a count", () => inspector.countByQueue(request)),
  };
}

function boundedSchedules(schedules: ScheduleStore, soon: Within): ScheduleStore {
  const { placeId, due, sync } = schedules;
  return {
    ...(placeId === undefined ? {} : { placeId }),
    save: (request) => soon("the saving of a schedule", () => schedules.save(request)),
    get: (request) => soon("a read of a schedule", () => schedules.get(request)),
    list: (request) => soon("a list of schedules", () => schedules.list(request)),
    delete: (request) => soon("the deletion of a schedule", () => schedules.delete(request)),
    ...(due === undefined ? {} : { due: (request) => soon("a look at schedules", () => due(request)) }),
    ...(sync === undefined ? {} : { sync: (request) => soon("the sync of schedules", () => sync(request)) }),
  };
}

/** What runs the caller's work takes as long as that does. */
function boundedTransactions(transactions: Transactions, soon: Within): Transactions {
  return {
    ...transactions,
    enqueue: (request) => soon("an enqueue in a transaction", () => transactions.enqueue(request)),
  };
}

function boundedOutbox(outbox: OutboxSource, soon: Within): OutboxSource {
  const { deliver } = outbox;
  return {
    ...(deliver === undefined
      ? {}
      : { deliver: (request) => soon("a delivery", () => deliver.call(outbox, request)) }),
    watchLeft: (look) => outbox.watchLeft?.(look),
    take: (request) => soon("a look into its outbox", () => outbox.take(request)),
    remove: (request) => soon("the end of a relay", () => outbox.remove(request)),
    giveBack: (request) => soon("the end of a relay", () => outbox.giveBack(request)),
    refuse: (request) => soon("the end of a relay", () => outbox.refuse(request)),
  };
}

/**
 * The same backend, whose every answer comes in time or is a BACKEND_UNAVAILABLE: nothing here waits for ever.
 *
 * What a claim brings after all is given back uncounted.
 */
export function boundedBackend(
  name: string,
  backend: Backend,
  parts: { readonly host: Host; readonly now: () => number },
): Backend {
  const bound =
    (ms: number): Within =>
    (what, call, onLate) =>
      answerWithin(parts.host, call, {
        ms,
        late: () =>
          new TaskError({
            code: "BACKEND_UNAVAILABLE",
            message: `The backend "${name}" (${backend.kind}) did not answer ${what} within ${ms / 1_000} s; it may have been done all the same.`,
          }),
        ...(onLate === undefined ? {} : { onLate }),
      });
  const {
    store,
    leases,
    delivery,
    deadLetters,
    maintenance,
    inspector,
    wakeups,
    transactions,
    outbox,
    schedules,
    schema,
    readTime,
    longestWaitMs = 0,
    defaultLeaseMs,
    batchesAtOnce,
    runsAtOnce,
  } = backend;
  const soon = bound(Math.max(LONGEST_ANSWER_MS, longestWaitMs + WORK_AFTER_WAIT_MS));
  const patiently = bound(Math.max(LONGEST_WORK_MS, longestWaitMs + WORK_AFTER_WAIT_MS));
  const giveBack = ({ claimed }: ClaimAnswer): void => {
    const items = claimed.map((lease) => ({ lease, started: false, when: "now" as const }));
    // One that cannot be given back either expires, as a lost attempt.
    if (items.length > 0)
      (leases ?? delivery?.leases)?.release({ items, now: parts.now() }).catch(() => undefined);
  };
  return {
    kind: backend.kind,
    store: boundedStore(store, soon, patiently),
    ...(leases === undefined ? {} : { leases: boundedLeases(leases, soon, giveBack) }),
    ...(delivery === undefined ? {} : { delivery: boundedDelivery(delivery, soon, giveBack) }),
    ...(deadLetters === undefined ? {} : { deadLetters: boundedDeadLetters(deadLetters, soon) }),
    ...(maintenance === undefined ? {} : { maintenance: boundedMaintenance(maintenance, patiently) }),
    ...(inspector === undefined ? {} : { inspector: boundedInspector(inspector, patiently) }),
    ...(wakeups === undefined ? {} : { wakeups }),
    ...(transactions === undefined ? {} : { transactions: boundedTransactions(transactions, soon) }),
    ...(outbox === undefined ? {} : { outbox: boundedOutbox(outbox, soon) }),
    ...(schedules === undefined ? {} : { schedules: boundedSchedules(schedules, soon) }),
    ...(schema === undefined ? {} : { schema: boundedSchema(schema, patiently) }),
    ...(defaultLeaseMs === undefined ? {} : { defaultLeaseMs }),
    ...(batchesAtOnce === undefined ? {} : { batchesAtOnce }),
    ...(runsAtOnce === undefined ? {} : { runsAtOnce }),
    ...(readTime === undefined ? {} : { readTime: () => soon("the time", readTime) }),
    diagnose: () => patiently("an examination", () => backend.diagnose()),
    open: () => patiently("the opening", () => backend.open()),
    close: () => bound(LONGEST_CLOSE_MS)("the closing", () => backend.close()),
  };
}
