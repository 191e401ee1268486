export { type AsyncResult, asyncResult, type GetOptions, type ProgressOptions } from "./async-result.ts";
export type { AttemptError, AttemptErrorType } from "./attempt-error.ts";
export type { Codec, Transformer } from "./codec.ts";
export { type DiscoveredTask, type DiscoverOptions, discoverTasks } from "./discover-tasks.ts";
export { type DjangoQstashStatus, toDjangoQstashStatus } from "./django-qstash-status.ts";
export { type Duration, durationToMs, MAX_DURATION_MS } from "./duration.ts";
export { errorAccount, TRPC_CODES, unknownTaskAccount } from "./errors/error-account.ts";
export { ERROR_CODES, type TaskErrorCode } from "./errors/error-codes.ts";
export {
  isTaskError,
  PayloadError,
  type PayloadErrorData,
  type PayloadIssue,
  TaskError,
  type TaskErrorInit,
  type TaskErrorJson,
} from "./errors/task-error.ts";
export {
  SignatureError,
  type SignatureErrorData,
  type SignatureFault,
  WebhookError,
} from "./errors/webhook-error.ts";
export { type InitOptions, type InitTasks, initTasks, type TaskContract } from "./init-tasks.ts";
export type { InputArguments } from "./input-arguments.ts";
export type { NotJsonSafe } from "./json-safe-type.ts";
export { findJsonProblem, type JsonProblem } from "./json-safety.ts";
export type { CarriedAsJson, MissingTransformer } from "./missing-transformer.ts";
export { didYouMean, nearestName } from "./nearest-name.ts";
export { checkOptionNames } from "./option-names.ts";
export { type AllowedQueues, type OptionsPlace, parseOptions } from "./parse-options.ts";
export { pathProxy } from "./path-proxy.ts";
export { isLargerThan, MAX_PAYLOAD_BYTES } from "./payload-size.ts";
export {
  checkAllowedOptions,
  checkInputList,
  checkRequestKey,
  readProcedureFields,
} from "./procedure-fields.ts";
export {
  BUILT_IN_OPTIONS,
  mergeOptions,
  type ParsedOptions,
  type ResolvedBackoff,
  type ResolvedOptions,
} from "./resolved-options.ts";
export {
  checkResultPath,
  noReadableResult,
  readResultAddress,
  readWaitTimeout,
} from "./result-address.ts";
export { fromWire, type TaskResultOnWire, toWire } from "./result-on-wire.ts";
export { tasksByPath } from "./router-record.ts";
export type { EmptyTaskBuilder, InvalidSchema, TaskBuilder, Wire } from "./task-builder.ts";
export {
  type OutputForm,
  type ResultsClient,
  type TaskCaller,
  type TaskCallers,
  type TaskClient,
  taskClient,
} from "./task-client.ts";
export type { ContractConfig, TaskDefinition } from "./task-definition.ts";
export type {
  BackoffOptions,
  CallOptions,
  CallOptionsWithCountdown,
  CallOptionsWithEta,
  CallOptionsWithRunAfter,
  EnqueueManyOptions,
  RouterDefaults,
  SharedOptions,
  TaskOptions,
} from "./task-options.ts";
export { RESERVED_NAMES, type ReservedName } from "./task-path.ts";
export { TaskPayload } from "./task-payload.ts";
export {
  type SuccessfulTaskResult,
  type TaskResult,
  type TaskResultFields,
  type TaskResultInit,
  taskResult,
  type UnsuccessfulTaskResult,
} from "./task-result.ts";
export {
  MISFIRES,
  type Misfire,
  type ScheduleCallOptions,
  type TaskSchedule,
  type TaskScheduleInit,
  taskSchedule,
} from "./task-schedule.ts";
export {
  FINISHED_STATUSES,
  type FinishedStatus,
  isFinishedStatus,
  TASK_STATUSES,
  type TaskStatus,
} from "./task-status.ts";
export {
  type AbortSignalLike,
  type CancelAnswer,
  type Enqueued,
  LIST_OPTION_NAMES,
  type ListOptions,
  type ProgressListeners,
  type ProgressUpdate,
  type ResultAddress,
  type TaskResultPage,
  type TaskTransport,
} from "./task-transport.ts";
export type {
  AnyRouter,
  AnyTask,
  CheckedNames,
  InvalidName,
  RouterRecord,
  Task,
  TaskInput,
  TaskOutput,
  TaskPath,
  TaskRouter,
  TaskTypes,
} from "./task-types.ts";
export { decodeEnvelope, ENVELOPE_VERSION, encodeEnvelope, type WireEnvelope } from "./wire-envelope.ts";
