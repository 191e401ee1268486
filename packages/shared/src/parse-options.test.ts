import { describe, expect, it } from "vitest";
import { type OptionsPlace, parseOptions, parseQueues } from "./parse-options.ts";

function parse(options: unknown, place: OptionsPlace = "call"): unknown {
  return parseOptions(options, place, "any");
}

function expectRefusal(options: unknown, message: string | RegExp, place: OptionsPlace = "call"): void {
  expect(() => parse(options, place)).toThrow(
    expect.objectContaining({
      name: "TaskError",
      code: "INVALID_OPTION",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    }),
  );
}

const CALL_OPTIONS =
  "queue, backend, priority, maxRetries, retryDelay, backoff, timeout, expires, deduplicated, deduplicationWindow, " +
  "tags, deduplicationId, countdown, eta, runAfter";

describe("every option is read", () => {
  it("of a call", () => {
    expect(
      parse({
        queue: "emails",
        backend: "bulk",
        priority: -100,
        maxRetries: 0,
        retryDelay: 30,
        timeout: "1m",
        expires: "1h",
        deduplicated: true,
        deduplicationId: "order-1",
        deduplicationWindow: "1ms",
        tags: ["a", "b"],
        countdown: "5m",
      }),
    ).toEqual({
      queue: "emails",
      backend: "bulk",
      priority: -100,
      maxRetries: 0,
      retryDelayMs: 30_000,
      timeoutMs: 60_000,
      expiresMs: 3_600_000,
      deduplicated: true,
      deduplicationId: "order-1",
      deduplicationWindowMs: 1,
      tags: ["a", "b"],
      countdownMs: 300_000,
    });
  });

  it("of a task", () => {
    expect(
      parse(
        { label: "Send e-mail", lease: "1s", transaction: true, deduplicationId: "one", priority: 100 },
        "task",
      ),
    ).toEqual({
      label: "Send e-mail",
      leaseMs: 1_000,
      transaction: true,
      deduplicationId: "one",
      priority: 100,
    });
  });

  it("of a contract's defaults", () => {
    expect(parse({ lease: "1h", maxRetries: 1000, timeout: false }, "defaults")).toEqual({
      leaseMs: 3_600_000,
      maxRetries: 1000,
      timeoutMs: null,
    });
  });

  it("and one that is undefined counts as absent", () => {
    expect(parse({ queue: undefined, eta: undefined, countdown: undefined, runAfter: undefined })).toEqual(
      {},
    );
    expect(parse({ countdown: 1, eta: undefined })).toEqual({ countdownMs: 1_000 });
  });

  it("from an object without a prototype too", () => {
    expect(parse(Object.assign(Object.create(null), { priority: 5 }))).toEqual({ priority: 5 });
  });

  it("without changing or keeping what it was given", () => {
    const tags = ["a"];
    const parsed = parseOptions(Object.freeze({ tags }), "call", "any");
    tags.push("b");
    expect(parsed.tags).toEqual(["a"]);
  });
});

describe("options that are no object of options", () => {
  it.each([
    [null, "null"],
    [undefined, "undefined"],
    ["5m", "a string of length 2"],
    [5, "a number"],
    [[], "an array of length 0"],
    [() => ({}), "a function"],
    [new Date(), "a Date"],
    [Promise.resolve({}), "a Promise (await it first)"],
    [new Map([["queue", "emails"]]), "an instance of a class"],
  ])("%s are refused", (options, kind) => {
    expectRefusal(options, `A call takes its options as a plain object; got ${kind}.`);
  });
});

describe("an unknown option", () => {
  it("is refused with the nearest name and the list", () => {
    expectRefusal(
      { prioirty: 5 },
      `A call has no option "prioirty". Did you mean "priority"? It has: ${CALL_OPTIONS}.`,
    );
  });

  it("is refused even when it is undefined", () => {
    expectRefusal(
      { max_retries: undefined },
      /^A call has no option "max_retries". Did you mean "maxRetries"\?/,
    );
  });

  it("is one that belongs to another place", () => {
    expectRefusal({ label: "x" }, /^A call has no option "label"\./);
    expectRefusal({ lease: "60s" }, /^A call has no option "lease"\./);
    expectRefusal({ transaction: true }, /^A call has no option "transaction"\./);
    expectRefusal({ countdown: 5 }, /^A task has no option "countdown"\./, "task");
    expectRefusal({ eta: new Date() }, /^A task has no option "eta"\./, "task");
    expectRefusal({ deduplicationId: "x" }, /^defaults has no option "deduplicationId"\./, "defaults");
    expectRefusal({ label: "x" }, /^defaults has no option "label"\./, "defaults");
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("is %s", (name) => {
    expectRefusal(JSON.parse(`{"${name}": 1}`), new RegExp(`^A call has no option "${name}"\\.`));
  });

  it("is shown cut and escaped", () => {
    expectRefusal({ [`a\n${"b".repeat(1_000)}`]: 1 }, /^A call has no option "a\\nb{58}…"\. It has: /);
  });
});

describe("priority", () => {
  it.each([
    [101, "an integer out of range"],
    [-101, "an integer out of range"],
    [1.5, "a number that is no integer"],
    [Number.POSITIVE_INFINITY, "a number that is no integer"],
    [Number.NaN, "NaN"],
    ["5", "a string of length 1"],
    [5n, "a bigint"],
    [null, "null"],
    [true, "a boolean"],
  ])("refuses %s", (priority, kind) => {
    expectRefusal({ priority }, `priority must be an integer from -100 to 100; got ${kind}.`);
  });

  it("turns -0 into 0", () => {
    expect(parse({ priority: -0 })).toStrictEqual({ priority: 0 });
  });
});

describe("maxRetries", () => {
  it.each([
    [-1, "an integer out of range"],
    [1001, "an integer out of range"],
    [0.5, "a number that is no integer"],
    ["3", "a string of length 1"],
    [false, "a boolean"],
  ])("refuses %s", (maxRetries, kind) => {
    expectRefusal({ maxRetries }, `maxRetries must be an integer from 0 to 1000; got ${kind}.`);
  });
});

describe("names of queues and backends", () => {
  it.each([
    "emails",
    "with space",
    " ",
    "{braces}",
    "a:b:c",
    "a/b.c-d_e",
    "quote\"and's",
    "日本",
    "😀",
    "__proto__",
    "x".repeat(100),
  ])("may be %j", (name) => {
    expect(parse({ queue: name, backend: name })).toEqual({ queue: name, backend: name });
  });

  it.each([
    ["", "a string of length 0"],
    ["x".repeat(101), "a string of length 101"],
    ["a\0b", "a string of length 3 with a NUL character"],
    ["a\ud800", "a string of length 2 with a lone surrogate"],
    ["\udc00a", "a string of length 2 with a lone surrogate"],
    [5, "a number"],
    [null, "null"],
    [["emails"], "an array of length 1"],
  ])("may not be %j", (name, kind) => {
    const expected = `must be a string of 1 to 100 characters, without NUL and lone surrogates; got ${kind}.`;
    expectRefusal({ queue: name }, `queue ${expected}`);
    expectRefusal({ backend: name }, `backend ${expected}`);
  });
});

describe("a queue that the contract does not have", () => {
  const queues = new Set(["default", "emails", "with space"]);

  it("is refused with the nearest name and the list", () => {
    expect(() => parseOptions({ queue: "email" }, "call", queues)).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_QUEUE",
        message:
          'The contract has no queue "email". Did you mean "emails"? It has: default, emails, with space.',
        data: { queue: "email" },
      }),
    );
  });

  it("is refused in every place", () => {
    for (const place of ["defaults", "task", "call"] as const) {
      expect(() => parseOptions({ queue: "bulk" }, place, queues)).toThrow(/has no queue "bulk"/);
    }
  });

  it("is not looked for when the contract allows any", () => {
    expect(parse({ queue: "bulk" })).toEqual({ queue: "bulk" });
  });
});

describe("queues of a contract", () => {
  it("are default only, those listed, or any", () => {
    expect(parseQueues(undefined)).toEqual(new Set(["default"]));
    expect(parseQueues(["a", "b", "a"])).toEqual(new Set(["a", "b"]));
    expect(parseQueues([])).toBe("any");
  });

  it.each([
    [
      "emails",
      /^queues must be an array of names, such as \["default", "emails"\]; got a string of length 6\.$/,
    ],
    [null, /; got null\.$/],
    [new Set(["a"]), /; got an instance of a class\.$/],
    [[""], /^queues\[0\] must be a string of 1 to 100 characters, .*; got a string of length 0\.$/],
    [["a", undefined], /^queues\[1\] must be .*; got undefined\.$/],
    [new Array(1), /^queues\[0\] must be .*; got undefined\.$/],
    [["a", "b\0"], /^queues\[1\] must be .*; got a string of length 2 with a NUL character\.$/],
  ])("refuse %s", (queues, message) => {
    expect(() => parseQueues(queues)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringMatching(message) }),
    );
  });
});

describe("countdown, eta and runAfter", () => {
  it("refuse a negative countdown, as a number and as a string", () => {
    expectRefusal(
      { countdown: -5 },
      /^countdown must be a number of seconds, 0 or more, or .*; got a negative number\.$/,
    );
    expectRefusal({ countdown: "-5s" }, /^countdown must be .*; got a string of length 3 in another form\.$/);
    expectRefusal({ countdown: Number.NaN }, /; got NaN\.$/);
  });

  it("are read as times", () => {
    const time = Date.UTC(2030, 0, 31, 9);
    expect(parse({ eta: new Date(time) })).toEqual({ runAt: time });
    expect(parse({ runAfter: new Date(0) })).toEqual({ runAt: 0 });
  });

  it.each([
    ["2030-01-31T09:00:00Z", Date.UTC(2030, 0, 31, 9)],
    ["2030-01-31T09:00Z", Date.UTC(2030, 0, 31, 9)],
    ["2030-01-31T09:00:00.5Z", Date.UTC(2030, 0, 31, 9, 0, 0, 500)],
    ["2030-01-31T09:00:00.123456Z", Date.UTC(2030, 0, 31, 9, 0, 0, 123)],
    ["2030-01-31T10:00:00+01:00", Date.UTC(2030, 0, 31, 9)],
    ["2030-01-31T03:30:00-05:30", Date.UTC(2030, 0, 31, 9)],
    ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
    ["1970-01-01T00:00:00Z", 0],
  ])("read the ISO string %s", (text, time) => {
    expect(parse({ eta: text })).toEqual({ runAt: time });
    expect(parse({ runAfter: text })).toEqual({ runAt: time });
  });

  it.each([
    "2030-01-31T09:00:00",
    "2030-01-31",
    "2030-01-31 09:00:00Z",
    "2030-02-29T09:00:00Z",
    "2030-02-30T09:00:00Z",
    "2030-04-31T09:00:00Z",
    "2030-13-01T09:00:00Z",
    "2030-00-01T09:00:00Z",
    "2030-01-00T09:00:00Z",
    "2030-01-31T25:00:00Z",
    "2030-01-31T09:60:00Z",
    "2030-01-31T09:00:00+99:99",
    "tomorrow",
    "1706691600000",
    "",
    "Thu, 31 Jan 2030 09:00:00 GMT",
    "+012030-01-31T09:00:00Z",
  ])("refuse the string %j", (text) => {
    expectRefusal(
      { runAfter: text },
      `runAfter must be a valid Date or an ISO 8601 string with an offset, such as 2030-01-31T09:00:00Z, from the years 1970 to 9998; got a string of length ${text.length}.`,
    );
  });

  it.each([
    [new Date(Number.NaN), "an invalid Date"],
    [new Date(-1), "a Date outside of them"],
    [new Date(8.64e15), "a Date outside of them"],
    ["1969-12-31T23:59:59Z", "a string of length 20 outside of them"],
    ["9999-01-01T00:00:00Z", "a string of length 20 outside of them"],
    [1706691600000, "a number"],
    [null, "null"],
    [{}, "an object"],
  ])("refuse %s", (eta, kind) => {
    expectRefusal({ eta }, new RegExp(`^eta must be a valid Date or .*; got ${kind}\\.$`));
  });

  it.each([
    { countdown: 5, eta: new Date(0) },
    { countdown: 5, runAfter: new Date(0) },
    { eta: new Date(0), runAfter: new Date(0) },
    { runAfter: new Date(0), eta: new Date(0), countdown: 5 },
    { countdown: 0, eta: "2030-01-31T09:00:00Z" },
  ])("exclude each other: %o", (options) => {
    expectRefusal(
      options,
      "countdown, eta and runAfter all say when the task is due; give only one of them.",
    );
  });
});

describe("retryDelay and backoff", () => {
  it("are read, and what a backoff leaves out is filled in", () => {
    expect(parse({ retryDelay: 0 })).toEqual({ retryDelayMs: 0 });
    expect(parse({ retryDelay: "1.5m" })).toEqual({ retryDelayMs: 90_000 });
    expect(parse({ backoff: {} })).toEqual({
      backoff: { initialMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: true },
    });
    expect(parse({ backoff: { initial: "2s", factor: 1.5, max: "2s", jitter: false } })).toEqual({
      backoff: { initialMs: 2_000, factor: 1.5, maxMs: 2_000, jitter: false },
    });
    expect(parse({ backoff: { initial: undefined, factor: undefined } })).toEqual(parse({ backoff: {} }));
  });

  it("exclude each other", () => {
    expectRefusal(
      { retryDelay: "5s", backoff: {} },
      "retryDelay is a fixed wait and backoff a growing one; give only one of them.",
    );
    expectRefusal({ backoff: {}, retryDelay: 0 }, /give only one of them/, "task");
  });

  it.each([
    [null, 'backoff must be an object such as { initial: "1s", factor: 2, max: "1h" }; got null.'],
    ["exponential", /^backoff must be an object such as .*; got a string of length 11\.$/],
    [[], /; got an array of length 0\.$/],
    [new Date(), /; got a Date\.$/],
    [
      { intial: "1s" },
      'backoff has no option "intial". Did you mean "initial"? It has: initial, factor, max, jitter.',
    ],
    [{ factor: 0.5 }, "backoff.factor must be a number from 1 to 10; got a number."],
    [{ factor: 11 }, /^backoff\.factor must be/],
    [{ factor: Number.NaN }, "backoff.factor must be a number from 1 to 10; got NaN."],
    [{ factor: "2" }, "backoff.factor must be a number from 1 to 10; got a string of length 1."],
    [{ initial: 5 }, /^backoff\.initial must be a duration such as .*; got a number without a unit\.$/],
    [{ initial: "0s" }, "backoff.initial must be longer than zero; got a shorter one."],
    [{ max: "soon" }, /^backoff\.max must be a duration/],
    [{ initial: "2h" }, "backoff.max must be at least backoff.initial; got none, and its default is 1h."],
    [{ initial: "2s", max: "1s" }, "backoff.max must be at least backoff.initial; got a shorter one."],
    [{ jitter: "full" }, "backoff.jitter must be true or false; got a string of length 4."],
    [JSON.parse('{"__proto__": 1}'), /^backoff has no option "__proto__"/],
  ])("refuse the backoff %s", (backoff, message) => {
    expectRefusal({ backoff }, message);
  });

  it("refuse a negative delay", () => {
    expectRefusal({ retryDelay: -1 }, /^retryDelay must be a number of seconds, 0 or more/);
  });
});

describe("timeout, expires, lease and windows", () => {
  it.each([
    [{ timeout: "0s" }, "timeout must be longer than zero, or false for no limit; got a shorter one."],
    [{ timeout: 60 }, /^timeout must be a duration such as .*; got a number without a unit\.$/],
    [{ timeout: true }, /^timeout must be a duration such as .*; got a boolean\.$/],
    [{ timeout: null }, /; got null\.$/],
    [{ expires: "0ms" }, "expires must be longer than zero; got a shorter one."],
    [{ deduplicationWindow: "0s" }, "deduplicationWindow must be longer than zero; got a shorter one."],
    [{ expires: false }, /^expires must be a duration/],
    [{ expires: new Date() }, /^expires must be a duration such as .*; got a Date\.$/],
    [{ lease: "999ms" }, "lease must be from 1s to 1h; got a shorter one."],
    [{ lease: "61m" }, "lease must be from 1s to 1h; got a longer one."],
    [{ lease: false }, /^lease must be a duration/],
  ])("refuse %o", (options, message) => {
    expectRefusal(options, message, "task");
  });
});

describe("deduplication", () => {
  it.each([
    [{ deduplicated: "yes" }, "deduplicated must be true or false; got a string of length 3."],
    [{ deduplicated: 1 }, /^deduplicated must be true or false/],
    [
      { deduplicationId: "" },
      /^deduplicationId must be a string of 1 to 200 characters, .*; got a string of length 0\.$/,
    ],
    [{ deduplicationId: "x".repeat(201) }, /; got a string of length 201\.$/],
    [{ deduplicationId: 7 }, /; got a number\.$/],
    [{ deduplicationId: "a\0" }, /with a NUL character\.$/],
    [{ deduplicationId: "\ud83d" }, /with a lone surrogate\.$/],
    [{ deduplicationWindow: 600 }, /^deduplicationWindow must be a duration/],
    [
      { deduplicationId: "a", deduplicated: false },
      "deduplicationId asks for deduplication and deduplicated: false for none; give only one of them.",
    ],
  ])("refuses %o", (options, message) => {
    expectRefusal(options, message);
  });

  it("takes an id beside deduplicated: true", () => {
    expect(parse({ deduplicationId: "a", deduplicated: true })).toEqual({
      deduplicationId: "a",
      deduplicated: true,
    });
  });
});

describe("tags", () => {
  it.each([
    ["mail", "tags must be an array of at most 10 strings; got a string of length 4."],
    [new Set(["a"]), "tags must be an array of at most 10 strings; got an instance of a class."],
    [
      Array.from({ length: 11 }, String),
      "tags must be an array of at most 10 strings; got an array of length 11.",
    ],
    [["a", ""], /^tags\[1\] must be a string of 1 to 64 characters, .*; got a string of length 0\.$/],
    [["x".repeat(65)], /^tags\[0\] must be .*; got a string of length 65\.$/],
    [[5], /^tags\[0\] must be .*; got a number\.$/],
    [new Array(2), /^tags\[0\] must be .*; got undefined\.$/],
    [["a\0"], /with a NUL character\.$/],
  ])("refuse %s", (tags, message) => {
    expectRefusal({ tags }, message);
  });

  it("may be none", () => {
    expect(parse({ tags: [] })).toEqual({ tags: [] });
  });
});

describe("label and transaction", () => {
  it.each([
    [{ label: "" }, /^label must be a string of 1 to 200 characters/],
    [{ label: "x".repeat(201) }, /; got a string of length 201\.$/],
    [{ label: () => "x" }, /; got a function\.$/],
    [{ transaction: "yes" }, "transaction must be true or false; got a string of length 3."],
  ])("refuse %o", (options, message) => {
    expectRefusal(options, message, "task");
  });
});

it("no message has a value that was given", () => {
  const secret = "s3cr3t-value";
  const bad: readonly Record<string, unknown>[] = [
    { priority: secret },
    { queue: `${secret}\0` },
    { countdown: secret },
    { eta: secret },
    { backoff: { initial: secret } },
    { backoff: secret },
    { tags: [`${secret}\0`] },
    { deduplicationId: `${secret}\0` },
    { timeout: secret },
  ];
  for (const options of bad) {
    let message = "";
    try {
      parse(options);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toBe("");
    expect(message).not.toContain(secret);
  }
});
