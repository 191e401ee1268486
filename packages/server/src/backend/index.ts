export type { Backend, Finding } from "./backend.ts";
export type { InputCondition, InputScalar } from "./input-condition.ts";
export type {
  BeginOutcome,
  ClaimAnswer,
  ClaimedTask,
  ClaimRequest,
  Lease,
  LeaseSource,
  ProgressOutcome,
  ReleaseOutcome,
  ReleaseRequest,
  RenewOutcome,
  Settlement,
  SettleOutcome,
  SettleRequest,
} from "./lease-source.ts";
export type {
  IndexAnswer,
  IndexRequest,
  Maintenance,
  PurgeRequest,
  SweepAnswer,
  SweepError,
  SweepRequest,
} from "./maintenance.ts";
export type { Schema } from "./schema.ts";
export type {
  CountAnswer,
  CountRequest,
  ListAnswer,
  ListRequest,
  QueueCounts,
  ScanReach,
  TaskFilter,
  TaskInspector,
} from "./task-inspector.ts";
export type { NewTask, TaskRecord } from "./task-record.ts";
export type {
  CancelOutcome,
  DeleteOutcome,
  EnqueueOutcome,
  EnqueueRequest,
  RequeueOutcome,
  TaskStore,
} from "./task-store.ts";
export type { SettleInside, Transactions, TransactionWork } from "./transactions.ts";
export type { StopWatching, Wakeups } from "./wakeups.ts";
