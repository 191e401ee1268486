import { describe, expect, it } from "vitest";
import { asyncResult } from "./async-result.ts";
import type { AttemptError } from "./attempt-error.ts";
import { type TaskResultInit, taskResult } from "./task-result.ts";
import type { TaskTransport } from "./task-transport.ts";

const address = { id: "id-1", path: "sendEmail", backend: null } as const;

const failure: AttemptError = {
  type: "EXECUTION_ERROR",
  exceptionClass: "Error",
  message: "no route",
  stack: null,
  attempt: 1,
  workerId: "w1",
  at: "2030-01-31T09:00:00.000Z",
};

function resultOf(change: Partial<TaskResultInit>) {
  return taskResult({
    id: "id-1",
    path: "sendEmail",
    label: "sendEmail",
    status: "SUCCESSFUL",
    input: {},
    output: undefined,
    errors: [],
    attempts: 1,
    maxRetries: 3,
    queue: "default",
    backend: "default",
    priority: 0,
    runAfter: new Date(0),
    enqueuedAt: new Date(0),
    startedAt: null,
    lastAttemptedAt: null,
    finishedAt: null,
    workerIds: [],
    parentId: null,
    scheduleId: null,
    tags: [],
    progress: null,
    ...change,
  });
}

function handle(change: Partial<TaskResultInit>) {
  const waits: unknown[] = [];
  const transport = {
    waitForResult: async (...args: unknown[]) => {
      waits.push(args);
      return resultOf(change);
    },
    getResult: async () => resultOf(change),
    cancel: async () => "requested",
  } as unknown as TaskTransport;
  return { result: asyncResult<unknown, unknown>(transport, address, false), waits };
}

describe("get", () => {
  it.each([[null], [0], [false], [""], [Number.NaN], [undefined], [[]], ["done"]])(
    "gives the output %j as it is",
    async (output) => {
      expect(await handle({ output }).result.get()).toBe(output);
    },
  );

  it("of a failed one rejects with its last error and has all of them", async () => {
    const errors = [{ ...failure, message: "first" }, failure];
    await expect(handle({ status: "FAILED", errors, attempts: 2 }).result.get()).rejects.toMatchObject({
      code: "TASK_FAILED",
      message: "sendEmail id-1 failed after 2 attempts: EXECUTION_ERROR: no route",
      data: { id: "id-1", path: "sendEmail", errors },
      httpStatus: 422,
      retryable: false,
    });
  });

  it("says one attempt, none, and that no reason is known", async () => {
    await expect(handle({ status: "FAILED", errors: [failure] }).result.get()).rejects.toThrow(
      /after 1 attempt: /,
    );
    await expect(
      handle({
        status: "FAILED",
        errors: [{ ...failure, type: "EXPIRED", message: "too late" }],
        attempts: 0,
      }).result.get(),
    ).rejects.toThrow("sendEmail id-1 failed after 0 attempts: EXPIRED: too late");
    await expect(handle({ status: "FAILED" }).result.get()).rejects.toThrow(/: no reason was stored$/);
  });

  it("of a cancelled one rejects", async () => {
    await expect(handle({ status: "CANCELLED", errors: [failure] }).result.get()).rejects.toMatchObject({
      code: "TASK_CANCELLED",
      message: "sendEmail id-1 was cancelled.",
      data: { id: "id-1", path: "sendEmail", errors: [failure] },
    });
  });

  it.each(["READY", "RUNNING"] as const)(
    "rejects when the wait ends while it is %s, whatever output it has",
    async (status) => {
      await expect(handle({ status, output: "x" }).result.get()).rejects.toMatchObject({
        code: "INTERNAL_ERROR",
        message: `The wait for sendEmail id-1 ended while it was ${status}.`,
      });
    },
  );

  it("passes the timeout and the signal on", async () => {
    const { result, waits } = handle({});
    const { signal } = new AbortController();
    await result.get();
    await result.get({});
    await result.get({ timeout: "30s", signal });
    await result.get({ timeout: "0s" });
    expect(waits).toEqual([
      [address, { timeoutMs: null, signal: null }],
      [address, { timeoutMs: null, signal: null }],
      [address, { timeoutMs: 30_000, signal }],
      [address, { timeoutMs: 0, signal: null }],
    ]);
  });

  it.each([
    ["30s", "get() takes its options as a plain object; got a string of length 3."],
    [30, "get() takes its options as a plain object; got a number."],
    [null, "get() takes its options as a plain object; got null."],
    [{ timeout: 30 }, /^timeout must be a duration such as .*; got a number without a unit\.$/],
    [{ timeout: "soon" }, /^timeout must be a duration/],
    [{ timout: "30s" }, 'get() has no option "timout". Did you mean "timeout"? It has: timeout, signal.'],
    [
      { signal: new AbortController() },
      "signal must be an AbortSignal, such as new AbortController().signal; got an instance of a class.",
    ],
    [{ signal: true }, /^signal must be an AbortSignal, .*; got a boolean\.$/],
    [{ signal: null }, /; got null\.$/],
  ])("refuses %o instead of waiting for ever", async (options, message) => {
    const { result, waits } = handle({});
    await expect(result.get(options as object)).rejects.toThrow(message);
    await expect(result.get(options as object)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(waits).toEqual([]);
  });
});

describe("the other ways of a handle", () => {
  it("status, refresh and cancel ask the transport", async () => {
    const { result } = handle({ status: "RUNNING" });
    expect(await result.status()).toBe("RUNNING");
    expect(await result.refresh()).toMatchObject({ id: "id-1", status: "RUNNING" });
    expect(await result.cancel()).toBe("requested");
  });

  it("is no promise and has its id in JSON", async () => {
    const { result } = handle({});
    expect(await result).toBe(result);
    expect(JSON.parse(JSON.stringify(result))).toEqual({ id: "id-1", taskId: "id-1", deduplicated: false });
  });
});

describe("onProgress", () => {
  it("hands its listeners to the transport, and back what stops it", () => {
    const seen: unknown[] = [];
    const stop = () => {};
    const transport = {
      watchProgress: (...words: unknown[]) => {
        seen.push(...words);
        return stop;
      },
    } as unknown as TaskTransport;
    const result = asyncResult<unknown, unknown>(transport, address, false);
    const onUpdate = () => {};
    const onError = () => {};
    expect(result.onProgress(onUpdate, { onError })).toBe(stop);
    expect(seen).toEqual([address, { onUpdate, onError }]);
    result.onProgress(onUpdate);
    expect(seen[3]).toEqual({ onUpdate, onError: expect.any(Function) });
  });

  it.each([
    [[undefined], "The listener of onProgress() must be a function; got undefined."],
    [[() => {}, () => {}], "onProgress() takes its options as a plain object; got a function."],
    [[() => {}, { onError: 1 }], "onError must be a function; got a number."],
    [[() => {}, { onEror: () => {} }], 'onProgress() has no option "onEror". Did you mean "onError"?'],
  ])("refuses what is no listener, %#", (words, message) => {
    const { result } = handle({});
    expect(() => Reflect.apply(result.onProgress, result, words)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(message) }),
    );
  });
});
