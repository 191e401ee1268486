export type { ClientTransformer } from "../server-address.ts";
export {
  type MockEnqueue,
  type MockedAnswerOptions,
  type MockedTaskOf,
  type MockTasksOptions,
  mockTasks,
  type NextEnqueuedOptions,
  type TaskMock,
  type TaskMocks,
  type TaskMocksOf,
} from "./mock-tasks.ts";
export type { MockedCall } from "./mocked-enqueues.ts";
export type {
  EnqueueMethod,
  MockedError,
  MockedOptionName,
  MockedOptions,
  MockedRetry,
  MockedTask,
  OutputArguments,
} from "./mocked-task.ts";
