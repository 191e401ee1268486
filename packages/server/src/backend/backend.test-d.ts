import type { AttemptError, Misfire, TaskStatus } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type {
  AttemptWork,
  Backend,
  BeginOutcome,
  CancelOutcome,
  ClaimAnswer,
  ClaimedTask,
  ClaimRequest,
  CountAnswer,
  CountRequest,
  DeadLetter,
  DeadLetterFilter,
  DeadLetters,
  DeleteOutcome,
  DueSchedules,
  DueSchedulesRequest,
  EnqueueOutcome,
  EnqueueRequest,
  Finding,
  IndexAnswer,
  IndexRequest,
  InputCondition,
  InputScalar,
  Lease,
  LeaseSource,
  ListAnswer,
  ListRequest,
  Maintenance,
  Migration,
  NewTask,
  Outbox,
  OutboxRow,
  OutboxSource,
  ProgressOutcome,
  PurgeRequest,
  QueueCounts,
  ReleaseOutcome,
  ReleaseRequest,
  RenewOutcome,
  RequeueOutcome,
  SaveScheduleRequest,
  ScanReach,
  ScheduleCall,
  ScheduleListRequest,
  ScheduleRecord,
  ScheduleStore,
  ScheduleSync,
  Schema,
  SettleInside,
  Settlement,
  SettleOutcome,
  SettleRequest,
  StopWatching,
  SweepAnswer,
  SweepError,
  SweepRequest,
  TakeAnswer,
  TakeRequest,
  TaskFilter,
  TaskInspector,
  TaskRecord,
  TaskStore,
  TransactionRequest,
  Transactions,
  Wakeups,
  WrittenMigrations,
} from "./index.ts";

declare const store: TaskStore;
declare const leases: LeaseSource;
declare const maintenance: Maintenance;
declare const inspector: TaskInspector;
declare const wakeups: Wakeups;
declare const schema: Schema;

// --- Only the store is a must; a facet that is absent is an absent property ---

const base = {
  kind: "own",
  store,
  diagnose: async () => [],
  open: async () => {},
  close: async () => {},
};
expectTypeOf(base).toExtend<Backend>();
export const full: Backend = {
  ...base,
  leases,
  maintenance,
  inspector,
  wakeups,
  schema,
  readTime: async () => 0,
};
expectTypeOf<Backend["leases"]>().toEqualTypeOf<LeaseSource | undefined>();
expectTypeOf<Backend["runsAtOnce"]>().toEqualTypeOf<boolean | undefined>();
expectTypeOf<Backend["diagnose"]>().returns.resolves.toEqualTypeOf<readonly Finding[]>();
expectTypeOf<Finding["level"]>().toEqualTypeOf<"ok" | "warning" | "error">();
declare const backend: Backend;
// @ts-expect-error -- a caller deals with its absence
void backend.leases.claim;
// @ts-expect-error -- a backend stores
export const storeless: Backend = {
  kind: "own",
  diagnose: base.diagnose,
  open: base.open,
  close: base.close,
};
// @ts-expect-error -- there is no facet that is none
export const absent: Backend = { ...base, wakeups: undefined };

// --- The store ---

expectTypeOf(store.enqueue).parameters.toEqualTypeOf<[EnqueueRequest]>();
expectTypeOf(store.enqueue).returns.resolves.toEqualTypeOf<readonly EnqueueOutcome[]>();
expectTypeOf(store.get({ ids: ["1"] })).resolves.toEqualTypeOf<readonly (TaskRecord | null)[]>();
expectTypeOf(store.cancel).returns.resolves.toEqualTypeOf<CancelOutcome>();
expectTypeOf(store.requeue).returns.resolves.toEqualTypeOf<RequeueOutcome>();
expectTypeOf(store.delete).returns.resolves.toEqualTypeOf<readonly DeleteOutcome[]>();
expectTypeOf<CancelOutcome>().toEqualTypeOf<"cancelled" | "requested" | "finished" | "not-found">();
expectTypeOf<RequeueOutcome>().toEqualTypeOf<"requeued" | "not-retryable" | "not-found">();
expectTypeOf<DeleteOutcome>().toEqualTypeOf<"deleted" | "running" | "not-found">();
declare const enqueued: EnqueueOutcome;
if (enqueued.outcome === "deduplicated") expectTypeOf(enqueued.status).toEqualTypeOf<TaskStatus>();
expectTypeOf(store.placeId).toEqualTypeOf<
  ((request: { readonly id: string; readonly deduplicationKey: string }) => string) | undefined
>();
// @ts-expect-error -- only a deduplicated one has another's id
void enqueued.id;
// @ts-expect-error -- every request carries the time
void store.cancel({ id: "1" });
// Payloads are text that a backend never looks into, and times are numbers.
expectTypeOf<NewTask["input"]>().toEqualTypeOf<string | null>();
expectTypeOf<TaskRecord["output"]>().toEqualTypeOf<string | null>();
expectTypeOf<TaskRecord["finishedAt"]>().toEqualTypeOf<number | null>();

// --- Leases ---

expectTypeOf(leases.claim).parameters.toEqualTypeOf<[ClaimRequest]>();
expectTypeOf(leases.claim).returns.resolves.toEqualTypeOf<ClaimAnswer>();
expectTypeOf<ClaimAnswer["claimed"]>().toEqualTypeOf<readonly ClaimedTask[]>();
expectTypeOf<ClaimedTask>().toExtend<Lease>();
expectTypeOf(leases.begin).parameters.toEqualTypeOf<
  [{ readonly items: readonly Lease[]; readonly now: number }]
>();
expectTypeOf(leases.begin).returns.resolves.toEqualTypeOf<readonly BeginOutcome[]>();
expectTypeOf<BeginOutcome>().toEqualTypeOf<"applied" | "lease-lost">();
expectTypeOf(leases.renew).returns.resolves.toEqualTypeOf<readonly RenewOutcome[]>();
expectTypeOf(leases.settle).parameters.toEqualTypeOf<[SettleRequest]>();
expectTypeOf(leases.settle).returns.resolves.toEqualTypeOf<readonly SettleOutcome[]>();
expectTypeOf(leases.release).parameters.toEqualTypeOf<[ReleaseRequest]>();
expectTypeOf(leases.release).returns.resolves.toEqualTypeOf<readonly ReleaseOutcome[]>();
expectTypeOf(leases.progress).returns.resolves.toEqualTypeOf<readonly ProgressOutcome[]>();
declare const error: AttemptError;
declare const lease: Lease;
const settlements: readonly Settlement[] = [
  { status: "SUCCESSFUL", output: null },
  { status: "READY", runAfter: 1, rank: 1, error },
  { status: "FAILED", error, started: true },
  { status: "CANCELLED", error: null },
];
expectTypeOf(settlements).items.toExtend<Settlement>();
// @ts-expect-error -- a retry has a time and a place in line
export const timeless: Settlement = { status: "READY", error };
// @ts-expect-error -- an attempt does not end running
export const running: Settlement = { status: "RUNNING" };
// @ts-expect-error -- a failure has a reason
export const unexplained: Settlement = { status: "FAILED", started: true };
// @ts-expect-error -- a handler that still runs has started
export const unstarted: ReleaseRequest["items"][number] = { lease, when: "on-expiry", started: false };
// @ts-expect-error -- a lease without its token proves nothing
export const tokenless: Lease = { id: "1" };

// --- Tables ---

expectTypeOf(schema.pending()).resolves.toEqualTypeOf<readonly string[]>();
expectTypeOf(schema.migrate()).resolves.toEqualTypeOf<readonly string[]>();

// --- Maintenance, lists and wakes ---

expectTypeOf(maintenance.sweep).parameters.toEqualTypeOf<[SweepRequest]>();
expectTypeOf(maintenance.sweep).returns.resolves.toEqualTypeOf<SweepAnswer>();
expectTypeOf<SweepRequest["lost"]>().toEqualTypeOf<SweepError>();
expectTypeOf(maintenance.purge).parameters.toEqualTypeOf<[PurgeRequest]>();
expectTypeOf(maintenance.purge).returns.resolves.toEqualTypeOf<{
  readonly purged: number;
  readonly more: boolean;
}>();
expectTypeOf(maintenance.sweepEveryMs).toEqualTypeOf<number | undefined>();
// @ts-expect-error -- what has not finished is never purged
export const alive: PurgeRequest["statuses"] = ["READY"];
expectTypeOf(inspector.list).parameters.toEqualTypeOf<[ListRequest]>();
expectTypeOf(inspector.list).returns.resolves.toEqualTypeOf<ListAnswer>();
expectTypeOf<ListRequest["filter"]>().toEqualTypeOf<TaskFilter>();
expectTypeOf<ListAnswer["scan"]>().toEqualTypeOf<ScanReach | undefined>();
expectTypeOf(inspector.count).toEqualTypeOf<((request: CountRequest) => Promise<CountAnswer>) | undefined>();
// @ts-expect-error -- a count is always bounded
export const unbounded: CountRequest = { filter: {}, cap: 1 };
expectTypeOf(maintenance.indexInputs).toEqualTypeOf<
  ((request: IndexRequest) => Promise<IndexAnswer>) | undefined
>();
expectTypeOf<InputScalar>().toEqualTypeOf<string | number | boolean | null>();
const conditions: readonly InputCondition[] = [
  { path: ["to"], operator: "equals", value: null },
  { path: ["customer", "id"], operator: "in", value: [1, "2", true] },
  { path: ["amount"], operator: "gte", value: 10 },
  { path: ["subject"], operator: "contains", value: "order" },
];
expectTypeOf<NonNullable<TaskFilter["input"]>>().toEqualTypeOf<typeof conditions>();
// @ts-expect-error -- order is one of numbers or strings
export const unordered: InputCondition = { path: ["paid"], operator: "lt", value: true };
// @ts-expect-error -- a part of a number is nothing
export const partial: InputCondition = { path: ["amount"], operator: "contains", value: 1 };
// @ts-expect-error -- a leaf is a scalar
export const nested: InputCondition = { path: ["customer"], operator: "equals", value: { id: 1 } };
expectTypeOf(inspector.countByQueue).parameter(0).toEqualTypeOf<{
  readonly now: number;
  readonly cap?: number;
}>();
expectTypeOf(inspector.countByQueue({ now: 0 })).resolves.toEqualTypeOf<readonly QueueCounts[]>();
expectTypeOf(wakeups.watchReady({ queues: "all", wake: () => {} })).toEqualTypeOf<StopWatching>();
expectTypeOf(wakeups.lookEveryMs).toEqualTypeOf<number | undefined>();
expectTypeOf<StopWatching>().toEqualTypeOf<() => void>();

// --- Transactions ---

interface Tx {
  readonly write: (line: string) => Promise<void>;
}
declare const transactions: Transactions<Tx>;
expectTypeOf(transactions.enqueue).returns.resolves.toEqualTypeOf<readonly EnqueueOutcome[]>();
expectTypeOf(
  transactions.run({ client: {}, options: undefined, work: async () => 1 }),
).resolves.toEqualTypeOf<number>();
expectTypeOf<TransactionRequest<number>["work"]>().returns.resolves.toEqualTypeOf<number>();
expectTypeOf<SettleInside>().returns.resolves.toEqualTypeOf<readonly SettleOutcome[]>();
expectTypeOf<Parameters<AttemptWork<number, Tx>>>().toEqualTypeOf<[transaction: Tx, settle: SettleInside]>();
void transactions.runAttempt?.({ timeoutMs: null, work: async (tx) => tx.write("a") });
expectTypeOf(schema.written).returns.resolves.toEqualTypeOf<WrittenMigrations>();
expectTypeOf<WrittenMigrations["migrations"]>().toEqualTypeOf<readonly Migration[]>();
expectTypeOf<Migration["statements"]>().toEqualTypeOf<readonly string[]>();

// --- Schedules ---

declare const schedules: ScheduleStore;
declare const schedule: ScheduleRecord;
expectTypeOf<Backend["schedules"]>().toEqualTypeOf<ScheduleStore | undefined>();
expectTypeOf(schedules.save).parameters.toEqualTypeOf<[SaveScheduleRequest]>();
expectTypeOf(schedules.save).returns.resolves.toEqualTypeOf<"saved" | "changed">();
expectTypeOf(schedules.get({ id: "1" })).resolves.toEqualTypeOf<ScheduleRecord | null>();
expectTypeOf(schedules.list).parameters.toEqualTypeOf<[ScheduleListRequest]>();
expectTypeOf(schedules.list({ after: null, limit: 1 })).resolves.toEqualTypeOf<readonly ScheduleRecord[]>();
expectTypeOf(schedules.delete({ id: "1" })).resolves.toEqualTypeOf<"deleted" | "not-found">();
// A backend that enqueues ticks by itself is not asked what is due.
expectTypeOf(schedules.due).toEqualTypeOf<
  ((request: DueSchedulesRequest) => Promise<DueSchedules>) | undefined
>();
expectTypeOf<DueSchedules["schedules"]>().toEqualTypeOf<readonly ScheduleRecord[]>();
expectTypeOf<DueSchedules["nextRunAt"]>().toEqualTypeOf<number | null>();
expectTypeOf<SaveScheduleRequest["tasks"]>().toEqualTypeOf<readonly NewTask[]>();
expectTypeOf<ScheduleRecord["misfire"]>().toEqualTypeOf<Misfire>();
expectTypeOf<ScheduleRecord["input"]>().toEqualTypeOf<string | null>();
expectTypeOf<ScheduleRecord["nextRunAt"]>().toEqualTypeOf<number | null>();
expectTypeOf(schedules.placeId).toEqualTypeOf<((request: { readonly id: string }) => string) | undefined>();
// Who pauses a schedule need not know its task.
expectTypeOf<SaveScheduleRequest["call"]>().toEqualTypeOf<ScheduleCall | null>();
expectTypeOf<ScheduleCall["policy"]>().toEqualTypeOf<NewTask["policy"]>();
// Only a backend that enqueues ticks by itself may know of others.
expectTypeOf(schedules.sync).toEqualTypeOf<
  ((request: { readonly now: number }) => Promise<ScheduleSync>) | undefined
>();
expectTypeOf<ScheduleSync["removed"]>().toEqualTypeOf<number>();
// @ts-expect-error -- every request that stores carries the time
void schedules.save({ schedule, call: null, tasks: [] });
// @ts-expect-error -- what it does not know is said to be unknown
void schedules.save({ schedule, tasks: [], now: 0 });
// @ts-expect-error -- a page is always bounded
void schedules.list({ after: null });
// @ts-expect-error -- what is due is due for somebody
void schedules.due?.({ limit: 1, now: 0 });
// @ts-expect-error -- a revision tells who was first
export const unnumbered: ScheduleRecord = { ...schedule, revision: undefined };

// --- Outboxes ---

declare const outbox: Outbox;
expectTypeOf(outbox.source("redis:app")).toEqualTypeOf<OutboxSource>();
expectTypeOf<Backend["outbox"]>().toEqualTypeOf<OutboxSource | undefined>();
expectTypeOf<OutboxSource["take"]>().parameters.toEqualTypeOf<[TakeRequest]>();
expectTypeOf<OutboxSource["take"]>().returns.resolves.toEqualTypeOf<TakeAnswer>();
expectTypeOf<TakeAnswer["rows"]>().toEqualTypeOf<readonly OutboxRow[]>();
// A row may have been changed by hand.
expectTypeOf<OutboxRow["task"]>().toEqualTypeOf<NewTask | null>();
expectTypeOf<OutboxRow["isStored"]>().toEqualTypeOf<boolean | undefined>();
expectTypeOf<NonNullable<OutboxSource["deliver"]>>().returns.resolves.toEqualTypeOf<
  readonly EnqueueOutcome[]
>();
// @ts-expect-error -- what is refused has a reason and a time
void outbox.source("redis:app").refuse({ row: {} as OutboxRow });
// @ts-expect-error -- a row is for one backend
void outbox.add({ transaction: {}, tasks: [] });

// A backend of one kind of transactions will do where any does, and not the other way round.
declare const ledger: Backend<Tx>;
export const anyBackend: Backend = ledger;
// @ts-expect-error -- nobody knows what its transactions are
export const unknownBackend: Backend<Tx> = backend;

// --- Dead letters, where the backend pushes ---

expectTypeOf<Backend["deadLetters"]>().toEqualTypeOf<DeadLetters | undefined>();
declare const deadLetters: DeadLetters;
expectTypeOf(deadLetters.list).parameters.toEqualTypeOf<[filter?: DeadLetterFilter | undefined]>();
expectTypeOf(deadLetters.get("1-0")).resolves.toEqualTypeOf<DeadLetter | null>();
expectTypeOf(deadLetters.redrive("1-0")).resolves.toEqualTypeOf<void>();
expectTypeOf(deadLetters.delete("1-0")).resolves.toEqualTypeOf<boolean>();
expectTypeOf<DeadLetter["taskId"]>().toEqualTypeOf<string | null>();
// @ts-expect-error -- of a task, not of a queue
void deadLetters.list({ queue: "emails" });
