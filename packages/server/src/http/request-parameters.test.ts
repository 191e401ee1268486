import { isTaskError } from "@taskwright/shared";
import { expect, test, vi } from "vitest";
import { BodyRefused } from "./read-body.ts";
import { RequestParameters } from "./request-parameters.ts";

const KNOWN = ["maxTasks", "queueName", "dryRun", "status"];
const URL_OF_RUN = "https://app.example.test/tasks/run";
const SECRET = "the-secret-of-somebody";
const FORM = "application/x-www-form-urlencoded";

function post(body?: BodyInit, headers: Record<string, string> = {}, query = ""): Promise<RequestParameters> {
  const init = { method: "POST", headers, ...(body === undefined ? {} : { body, duplex: "half" }) };
  return RequestParameters.ofBody(new Request(URL_OF_RUN + query, init as RequestInit), KNOWN);
}

function json(value: unknown): Promise<RequestParameters> {
  return post(JSON.stringify(value), { "content-type": "application/json; charset=utf-8" });
}

async function refusalOf(run: () => unknown): Promise<{ status: number; message: string }> {
  try {
    await run();
  } catch (error) {
    if (error instanceof BodyRefused) return { status: error.status, message: error.message };
    if (isTaskError(error, "INVALID_OPTION")) return { status: 400, message: error.message };
    throw error;
  }
  throw new Error("It was taken.");
}

const RANGE = { min: 1, max: 100, isWhole: true };

test("parameters come as JSON, as form fields or in the query, and the body wins", async () => {
  const all = [
    await json({ maxTasks: 5, queueName: "emails", dryRun: true, status: ["FAILED", "CANCELLED"] }),
    await post("maxTasks=5&queueName=emails&dryRun=true&status=FAILED&status=CANCELLED", {
      "content-type": FORM,
    }),
    await post(undefined, {}, "?maxTasks=5&queueName=emails&dryRun=1&status=FAILED,CANCELLED"),
    await post(
      '{"maxTasks":5}',
      { "content-type": "application/json" },
      "?maxTasks=9&queueName=emails&dryRun=true&status=FAILED, CANCELLED",
    ),
  ];
  for (const parameters of all) {
    expect(parameters.number("maxTasks", RANGE)).toBe(5);
    expect(parameters.text("queueName")).toBe("emails");
    expect(parameters.boolean("dryRun")).toBe(true);
    expect(parameters.list("status")).toEqual(["FAILED", "CANCELLED"]);
  }
});

test("a body that is absent, empty or {} and values that are null are no parameters", async () => {
  const nothing = { maxTasks: null, queueName: null, dryRun: null, status: null };
  const all = [
    await post(),
    await post(""),
    await post("  ", { "content-type": "application/json" }),
    await post("", { "content-type": FORM }),
    await json({}),
    await json(nothing),
  ];
  for (const parameters of all) {
    expect(parameters.number("maxTasks", RANGE)).toBeUndefined();
    expect(parameters.text("queueName")).toBeUndefined();
    expect(parameters.boolean("dryRun")).toBeUndefined();
    expect(parameters.list("status")).toBeUndefined();
  }
});

test("a parameter that is not there is refused by its name, with the nearest one", async () => {
  expect((await refusalOf(() => json({ queue_name: SECRET }))).message).toBe(
    'There is no parameter "queue_name". Did you mean "queueName"? There are: maxTasks, queueName, dryRun, status.',
  );
  for (const name of ["__proto__", "constructor", "toString"]) {
    const { message } = await refusalOf(() => json(JSON.parse(`{"${name}":{"maxTasks":1}}`)));
    expect(message).toContain(`There is no parameter "${name}"`);
    await refusalOf(() => post(undefined, {}, `?${name}=1`));
  }
});

test.each([
  ["maxTasks", 0],
  ["maxTasks", 101],
  ["maxTasks", 1.5],
  ["maxTasks", "many"],
  ["maxTasks", " "],
  ["maxTasks", true],
  ["maxTasks", [5]],
  ["queueName", ""],
  ["queueName", 7],
  ["queueName", ["emails", "default"]],
  ["dryRun", "yes"],
  ["dryRun", 1],
  ["status", []],
  ["status", ["FAILED", 1]],
  ["status", "FAILED,,"],
  ["status", { FAILED: true }],
])("%s of %j is refused with what it must be", async (name, value) => {
  const parameters = await json({ [name]: value });
  const { message } = await refusalOf(() => {
    parameters.number("maxTasks", RANGE);
    parameters.text("queueName");
    parameters.boolean("dryRun");
    parameters.list("status");
  });
  expect(message).toMatch(new RegExp(`^${name} must be `));
});

test.each([
  ["text/plain", "{}", 415, "application/json"],
  ["multipart/form-data; boundary=x", "--x--", 415, FORM],
  ["application/jsonp", "{}", 415, "application/json"],
  // What curl sends for -d '{…}' without a header.
  [FORM, `{"queueName":"${SECRET}"}`, 415, "It looks like JSON"],
  ["application/json", `{"queueName":"${SECRET}"`, 400, "must be JSON"],
  ["application/json", `["${SECRET}"]`, 400, "must be a JSON object"],
  ["application/json", "null", 400, "must be a JSON object"],
  ["application/json", `"${SECRET}"`, 400, "must be a JSON object"],
])("a body of %s that is %s is answered %d, and nothing of it is said", async (type, body, status, words) => {
  const refused = await refusalOf(() => post(body, { "content-type": type }));
  expect(refused.status).toBe(status);
  expect(refused.message).toContain(words);
  expect(refused.message).not.toContain(SECRET);
});

test("a body of more than 64 KB is refused, whether it says so or not", async () => {
  const body = JSON.stringify({ queueName: "x".repeat(64 * 1024) });
  expect(await refusalOf(() => post(body))).toMatchObject({ status: 413 });
  expect(await refusalOf(() => post(new Blob([body]).stream()))).toMatchObject({ status: 413 });
});

test("a body that does not arrive is given up after ten seconds", async () => {
  vi.useFakeTimers();
  try {
    const refused = refusalOf(() => post(new ReadableStream()));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await refused).toMatchObject({ status: 408 });
  } finally {
    vi.useRealTimers();
  }
});
