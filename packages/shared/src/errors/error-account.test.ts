import { expect, test } from "vitest";
import { errorAccount, unknownTaskAccount } from "./error-account.ts";
import { TaskError, type TaskErrorInit } from "./task-error.ts";

function accountOf(init: TaskErrorInit) {
  return errorAccount(new TaskError(init));
}

test("an error of the caller's own, and one that says what cannot be done, is told as it is", () => {
  for (const code of ["INVALID_OPTION", "NOT_SUPPORTED", "RESULT_TIMEOUT"] as const)
    expect(accountOf({ code, message: "said", data: { option: "queue" } })).toEqual({
      name: "TaskError",
      code,
      message: "said",
      data: { option: "queue" },
    });
});

test("a fault that passes is told without what the store said of it", () => {
  expect(accountOf({ code: "BACKEND_UNAVAILABLE", message: "db1 is away", data: { host: "db1" } })).toEqual({
    name: "TaskError",
    code: "BACKEND_UNAVAILABLE",
    message: "It cannot be done now; try again later.",
  });
});

test.each([
  ["an error of somebody else's", new Error("password")],
  ["what is no error", "password"],
  ["a fault of the server", new TaskError({ code: "BACKEND_INCOMPATIBLE", message: "password" })],
])("of %s nothing is told", (_name, thrown) => {
  expect(errorAccount(thrown)).toEqual({
    name: "TaskError",
    code: "INTERNAL_ERROR",
    message: "It went wrong; the server's log says why.",
  });
});

test("of many tasks it is told which were stored, without why the others were not", () => {
  const outcomes = [
    { stored: true, id: "1" },
    { stored: false, error: new Error("password") },
  ];
  expect(accountOf({ code: "ENQUEUE_INCOMPLETE", message: "password", data: { outcomes } })).toEqual({
    name: "TaskError",
    code: "ENQUEUE_INCOMPLETE",
    message: "Some of the tasks were not stored; data.outcomes tells which.",
    data: { outcomes: [{ stored: true, id: "1" }, { stored: false }] },
  });
});

test("an unknown task is named in part, with the nearest one that there is", () => {
  expect(unknownTaskAccount("sendEmial", ["sendEmail"])).toEqual({
    name: "TaskError",
    code: "UNKNOWN_TASK",
    message: 'There is no task "sendEmial" here. Did you mean "sendEmail"?',
    data: { path: "sendEmial" },
  });
  expect(unknownTaskAccount("a".repeat(300), []).data).toEqual({ path: "a".repeat(200) });
});
