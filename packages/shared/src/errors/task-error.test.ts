import { createContext, runInContext } from "node:vm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ERROR_CODES, type TaskErrorCode } from "./error-codes.ts";
import { isTaskError, PayloadError, TaskError } from "./task-error.ts";

describe("a TaskError", () => {
  it("has a code, a message, facts and a cause", () => {
    const cause = new Error("disk");
    const error = new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: "The store is full.",
      data: { free: 0 },
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "TaskError", code: "BACKEND_UNAVAILABLE", data: { free: 0 } });
    expect(error.message).toBe("The store is full.");
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe("TaskError: The store is full.");
    expect(error.stack).toMatch(/^TaskError: The store is full\.\n/);
  });

  it("has no cause unless it was given one", () => {
    expect(new TaskError({ code: "CLOSED", message: "x" })).not.toHaveProperty("cause");
    expect(new TaskError({ code: "CLOSED", message: "x", cause: null }).cause).toBeNull();
  });

  it.each(Object.keys(ERROR_CODES) as TaskErrorCode[])(
    "of code %s knows its HTTP status and whether to retry",
    (code) => {
      const error = new TaskError({ code, message: "x" });
      expect(error.httpStatus).toBe(ERROR_CODES[code].httpStatus);
      expect(error.httpStatus).toBeGreaterThanOrEqual(400);
      expect(error.httpStatus).toBeLessThan(600);
      expect(error.retryable).toBe(ERROR_CODES[code].retryable);
    },
  );

  it("crosses a wire without its stack and its cause", () => {
    const error = new TaskError({
      code: "CLOSED",
      message: "x",
      data: { id: 1 },
      cause: new Error("secret"),
    });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: { name: "TaskError", code: "CLOSED", message: "x", data: { id: 1 } },
    });
    expect(JSON.parse(JSON.stringify(new TaskError({ code: "CLOSED", message: "x" })))).toEqual({
      name: "TaskError",
      code: "CLOSED",
      message: "x",
    });
  });

  it("keeps facts that are falsy", () => {
    for (const data of [null, 0, false, ""]) {
      expect(new TaskError({ code: "CLOSED", message: "x", data }).toJSON()).toHaveProperty("data", data);
    }
  });
});

describe("a PayloadError", () => {
  const data = { task: "sendEmail", side: "input", issues: [] } as const;

  it("is a TaskError of its own name", () => {
    const error = new PayloadError({ message: "x", data });
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ name: "PayloadError", code: "PAYLOAD_ERROR", httpStatus: 400, data });
    expect(error.toJSON()).toEqual({ name: "PayloadError", code: "PAYLOAD_ERROR", message: "x", data });
    expect(error.stack).toMatch(/^PayloadError: x\n/);
  });
});

describe("isTaskError", () => {
  const copy = { TaskError, isTaskError };

  beforeAll(async () => {
    vi.resetModules();
    Object.assign(copy, await import("./task-error.ts"));
  });

  it("knows errors of this copy and of another", () => {
    const here = new TaskError({ code: "CLOSED", message: "x" });
    const there = new copy.TaskError({ code: "CLOSED", message: "x" });
    expect(there).not.toBeInstanceOf(TaskError);
    for (const error of [here, there]) {
      expect(isTaskError(error)).toBe(true);
      expect(isTaskError(error, "CLOSED")).toBe(true);
      expect(isTaskError(error, "ABORTED")).toBe(false);
      expect(copy.isTaskError(error, "CLOSED")).toBe(true);
    }
  });

  it("knows subclasses of another copy, and frozen errors", () => {
    class WebhookError extends copy.TaskError {}
    expect(isTaskError(new WebhookError({ code: "WEBHOOK_ERROR", message: "x" }), "WEBHOOK_ERROR")).toBe(
      true,
    );
    expect(isTaskError(Object.freeze(new TaskError({ code: "CLOSED", message: "x" })))).toBe(true);
  });

  it.each([
    undefined,
    null,
    "CLOSED",
    0,
    {},
    new Error("CLOSED"),
    { code: "CLOSED", message: "x" },
    Object.assign(new Error("of another library"), { code: "CLOSED" }),
    Object.assign(new Error("of another library"), { code: "ABORTED", data: {} }),
    Object.assign(new Error("x"), { code: "ENOENT" }),
    runInContext("new Error('x')", createContext({})),
  ])("is not taken in by %s", (value) => {
    expect(isTaskError(value)).toBe(false);
    expect(isTaskError(value, "CLOSED")).toBe(false);
  });

  it("does not touch what a thrown object computes", () => {
    const thrown = {
      get code(): string {
        throw new Error("a getter that throws");
      },
    };
    expect(isTaskError(thrown)).toBe(false);
  });
});
