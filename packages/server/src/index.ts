export type {
  Backend,
  PgTransactionClient,
  PrismaTransactionClient,
  ScheduleSync,
  TransactionClient,
  TransactionOf,
  TransactionOptionsOf,
  TransactionSource,
} from "./backend/index.ts";
export type { Attempt } from "./core/attempt.ts";
export type { ClearedResults, ClearStaleResultsInput } from "./core/built-in-tasks.ts";
export type { Capabilities } from "./core/capabilities.ts";
export type { ContextRequest } from "./core/engine.ts";
export type { Executor, ExecutorRun, ExecutorTarget, QueueStats } from "./core/executor.ts";
export { NonRetryable, RetryAfter } from "./core/handler-signals.ts";
export type {
  HandlerArguments,
  HandlerFunction,
  HandlerOptions,
  Handlers,
  HandlersOnly,
  Middleware,
  MiddlewareArguments,
  MiddlewareNext,
  MiddlewareResult,
  TaskHandler,
  TransactionHandlerArguments,
  TransactionHandlerFunction,
  TransactionTaskHandler,
} from "./core/handler-types.ts";
export type { CancelTimer, Host } from "./core/host.ts";
export {
  type HandlerBuilder,
  type HandlerBuilders,
  type Implementer,
  type ImplementerSteps,
  implement,
  type TransactionHandlerBuilder,
} from "./core/implement.ts";
export type { Logger } from "./core/logger.ts";
export type { TaskRunners } from "./core/run-inline.ts";
export type { ScheduleOptions, ScheduleRule } from "./core/schedule-options.ts";
export type { ScheduleListOptions, SchedulePage, Schedules, ScheduleTarget } from "./core/schedules.ts";
export type { ServerTaskClient } from "./core/server-task-client.ts";
export { isAllowed, TRANSITIONS, type Transition } from "./core/state-machine.ts";
export type {
  AttemptEvent,
  EnqueuedEvent,
  FailedEvent,
  FailedTask,
  FinishedEvent,
  RetryingEvent,
  SucceededEvent,
  TaskEvent,
  TaskEventMap,
  TaskEventName,
  TaskEvents,
} from "./core/task-events.ts";
export type {
  AttemptOutcome,
  AttemptSpan,
  EnqueueEnd,
  EnqueueSpan,
  TracedAttempt,
  TracedEnqueue,
  TraceHeaders,
  TraceOrigin,
  Tracing,
} from "./core/tracing.ts";
export type { PurgeOptions } from "./core/upkeep.ts";
export {
  type AnyTaskServer,
  type BackendOptions,
  type CommonOptions,
  createTaskClient,
  createTaskServer,
  type DirectTaskClient,
  type HandlersFor,
  type NamedBackends,
  type OneBackend,
  type OnlyPath,
  type ServerOptions,
  type TaskServer,
} from "./create-task-server.ts";
export { systemHost } from "./system-host.ts";
