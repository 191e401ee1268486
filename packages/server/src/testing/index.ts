export {
  createTestServer,
  type TestServer,
  type TestServerOptions,
} from "./create-test-server.ts";
export type { DrainOptions } from "./drain.ts";
export { type DummyBackend, dummyBackend } from "./dummy-backend.ts";
export type { EnqueuedTask, EnqueuedTaskOf } from "./enqueued-task.ts";
export type { Fault, FaultTimes, FaultyOperation } from "./fault.ts";
export type { Faults } from "./fault-script.ts";
export { HeldHost } from "./held-host.ts";
export { immediateBackend } from "./immediate-backend.ts";
export type { PartialInput } from "./partial-match.ts";
export type { TestClock } from "./test-clock.ts";
export { type WithFaults, withFaults } from "./with-faults.ts";
