import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type TaskResultInit, taskResult } from "./task-result.ts";

const at = (second: number) => new Date(Date.UTC(2030, 0, 31, 9, 0, second));

const init: TaskResultInit = {
  id: "id-1",
  path: "sendEmail",
  label: "Send e-mail",
  status: "SUCCESSFUL",
  input: { to: "a" },
  output: null,
  errors: [],
  attempts: 1,
  maxRetries: 3,
  queue: "emails",
  backend: "default",
  priority: 5,
  runAfter: at(1),
  enqueuedAt: at(0),
  startedAt: at(2),
  lastAttemptedAt: at(2),
  finishedAt: at(3),
  workerIds: ["w1"],
  parentId: null,
  scheduleId: null,
  tags: ["a"],
  progress: 0.5,
};

describe("a task result", () => {
  it("has finished when it has a time of its end", () => {
    expect(taskResult(init).isFinished).toBe(true);
    expect(taskResult({ ...init, status: "RUNNING", finishedAt: null }).isFinished).toBe(false);
  });

  it("is written as JSON with ISO times and every field", () => {
    expect(JSON.parse(JSON.stringify(taskResult(init)))).toEqual({
      ...init,
      isFinished: true,
      runAfter: "2030-01-31T09:00:01.000Z",
      enqueuedAt: "2030-01-31T09:00:00.000Z",
      startedAt: "2030-01-31T09:00:02.000Z",
      lastAttemptedAt: "2030-01-31T09:00:02.000Z",
      finishedAt: "2030-01-31T09:00:03.000Z",
    });
  });

  it("is written as JSON when it has not begun, its missing times as null and its output left out", () => {
    const result = taskResult({
      ...init,
      output: undefined,
      startedAt: null,
      lastAttemptedAt: null,
      finishedAt: null,
    });
    const json = JSON.parse(JSON.stringify(result));
    expect(json).toMatchObject({ startedAt: null, lastAttemptedAt: null, finishedAt: null });
    expect(json).not.toHaveProperty("output");
  });

  it.each([[null], [0], [false], [""]])("keeps the output %j", (output) => {
    expect(taskResult({ ...init, output }).output).toBe(output);
    expect(JSON.parse(JSON.stringify(taskResult({ ...init, output })))).toHaveProperty("output", output);
  });

  it("is written as JSON whatever a transformer's payloads hold", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const result = taskResult({ ...init, input: { n: 5n, at: at(0), tags: new Set(["a"]) }, output: loop });
    expect(JSON.parse(JSON.stringify(result))).toMatchObject({
      input: { n: "5", at: "2030-01-31T09:00:00.000Z", tags: ["a"] },
      output: ["[circular]"],
    });
    expect(result.input).toEqual({ n: 5n, at: at(0), tags: new Set(["a"]) });
  });

  it("prints, copies and compares without its function", () => {
    const result = taskResult(init);
    expect(inspect(result)).not.toContain("toJSON");
    expect(Object.keys(result)).toEqual([...Object.keys(init), "isFinished"]);
    expect(structuredClone(result)).toEqual({ ...init, isFinished: true });
  });
});
