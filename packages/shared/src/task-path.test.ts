import { describe, expect, it } from "vitest";
import { checkTaskName, joinPath, MAX_PATH_LENGTH, RESERVED_NAMES } from "./task-path.ts";

function expectRefusal(name: string, parent: string, message: string): void {
  expect(() => checkTaskName(name, parent)).toThrow(
    expect.objectContaining({ code: "INVALID_CONTRACT", message }),
  );
}

describe("a task's name", () => {
  it.each([
    "sendEmail",
    "a",
    "_private",
    "__double",
    "A1",
    "send-email",
    "send_email",
    "input",
    "output",
    "options",
    "tasks",
  ])("may be %j, at the top and below", (name) => {
    checkTaskName(name, "");
    checkTaskName(name, "billing.invoices");
  });

  it.each([...RESERVED_NAMES])("may not be %s, at the top or below", (name) => {
    expectRefusal(name, "", `"${name}" is a reserved name; no task or router can be called that.`);
    expectRefusal(
      name,
      "a.b",
      `"${name}" under "a.b" is a reserved name; no task or router can be called that.`,
    );
  });

  it("is reserved only as written", () => {
    for (const name of ["Then", "delay_", "_proto_", "applyasync"]) checkTaskName(name, "");
  });

  it.each([
    ["", "An empty name"],
    ["send.email", '"send.email"'],
    ["send email", '"send email"'],
    [" sendEmail", '" sendEmail"'],
    ["sendEmail\n", String.raw`"sendEmail\n"`],
    ["1st", '"1st"'],
    ["-a", '"-a"'],
    ["a/b", '"a/b"'],
    ["a:b", '"a:b"'],
    ["a{b}", '"a{b}"'],
    ["é", '"é"'],
    ["😀", '"😀"'],
    ["a\0", String.raw`"a\u0000"`],
    ["a\ud800", String.raw`"a\ud800"`],
    ["~task", '"~task"'],
    ["~router", '"~router"'],
    [`a b${"c".repeat(1_000)}`, `"a b${"c".repeat(57)}…"`],
  ])("may not be %j", (name, shown) => {
    const rule =
      'cannot name a task or router: use letters, digits, "_" and "-", starting with a letter or "_".';
    expectRefusal(name, "", `${shown} ${rule}`);
    expectRefusal(name, "billing", `${shown} under "billing" ${rule}`);
  });
});

describe("a task's path", () => {
  it("joins names by dots", () => {
    expect(joinPath("", "a")).toBe("a");
    expect(joinPath("a.b", "c")).toBe("a.b.c");
  });

  it("may be as long as the limit, at the top and below", () => {
    checkTaskName("x".repeat(MAX_PATH_LENGTH), "");
    checkTaskName("x", "y".repeat(MAX_PATH_LENGTH - 2));
  });

  it("may not be longer", () => {
    const rule = "is longer than 200 characters; use shorter names or fewer levels.";
    expectRefusal("x".repeat(MAX_PATH_LENGTH + 1), "", `The task path "${"x".repeat(60)}…" ${rule}`);
    expectRefusal("x", "y".repeat(MAX_PATH_LENGTH - 1), `The task path "${"y".repeat(60)}…" ${rule}`);
  });
});
