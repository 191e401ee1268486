import { expect, it } from "vitest";
import { fromWire, toWire } from "./result-on-wire.ts";
import { taskResult } from "./task-result.ts";

const result = taskResult({
  id: "1",
  path: "sendEmail",
  label: "Send",
  status: "FAILED",
  input: { to: "a" },
  output: undefined,
  errors: [
    {
      type: "EXECUTION_ERROR",
      exceptionClass: "Error",
      message: "no route",
      stack: "Error: no route\n    at /srv/app/mail.ts:1:1",
      attempt: 1,
      workerId: "host-1",
      at: "2030-01-31T09:00:00.000Z",
    },
  ],
  attempts: 1,
  maxRetries: 0,
  queue: "default",
  backend: "ledger",
  priority: 0,
  runAfter: new Date(1),
  enqueuedAt: new Date(2),
  startedAt: new Date(3),
  lastAttemptedAt: null,
  finishedAt: new Date(4),
  workerIds: ["host-1"],
  parentId: null,
  scheduleId: null,
  tags: ["a"],
  progress: 0.5,
});

it.each([
  ["as it is", (value: unknown) => value],
  ["through JSON", (value: unknown) => JSON.parse(JSON.stringify(value))],
])("a task result on the wire, %s, is the same but for what the server keeps to itself", (_, travel) => {
  const shown = travel(toWire(result));
  expect(JSON.stringify(shown)).not.toMatch(/host-1|mail\.ts|ledger/);
  const { backend, workerIds, errors, toJSON, ...rest } = fromWire(shown);
  const { backend: _backend, workerIds: _workerIds, errors: kept, toJSON: _toJSON, ...expected } = result;
  expect(rest).toEqual(expected);
  expect({ backend, workerIds }).toEqual({ backend: "", workerIds: [] });
  expect(errors).toEqual([{ ...kept[0], stack: null, workerId: null }]);
  expect(toJSON()).toMatchObject({ id: "1", finishedAt: "1970-01-01T00:00:00.004Z" });
});
