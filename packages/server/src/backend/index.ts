export type { Backend, Finding } from "./backend.ts";
export type { DeadLetter, DeadLetterFilter, DeadLetters } from "./dead-letters.ts";
export type {
  Delivered,
  DeliveredTask,
  DeliveredTick,
  DeliveryGivenUp,
  DeliverySource,
  ResendRequest,
  WebhookCall,
} from "./delivery-source.ts";
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
export type { Outbox } from "./outbox.ts";
export type { OutboxRow, OutboxSource, TakeAnswer, TakeRequest } from "./outbox-source.ts";
export type {
  DueSchedules,
  DueSchedulesRequest,
  SaveScheduleRequest,
  ScheduleCall,
  ScheduleListRequest,
  ScheduleRecord,
  ScheduleStore,
  ScheduleSync,
} from "./schedule-store.ts";
export type { Migration, Schema, WrittenMigrations } from "./schema.ts";
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
export type {
  PgTransactionClient,
  PrismaTransactionClient,
  TransactionClient,
  TransactionOf,
  TransactionOptionsOf,
  TransactionSource,
} from "./transaction-client.ts";
export type { AttemptWork, SettleInside, TransactionRequest, Transactions } from "./transactions.ts";
export type { StopWatching, Wakeups } from "./wakeups.ts";
