export type { AllowableOption, CallerRights } from "./caller-rights.ts";
export {
  createTaskRouter,
  type ServedTasks,
  type TaskRouterOptions,
  type TaskTrpcRouter,
} from "./create-task-router.ts";
export type { ExposedTasks } from "./exposed-tasks.ts";
export type {
  CallerOptions,
  CallFields,
  ProgressEvent,
  ResultFields,
  ResultProcedures,
  TaskProcedures,
  TaskProceduresOf,
} from "./task-router.ts";
export type { ContextOf, TrpcInstance, TrpcProcedure, TrpcTypes } from "./trpc-instance.ts";
