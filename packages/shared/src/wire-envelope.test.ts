import { describe, expect, it } from "vitest";
import { decodeEnvelope, ENVELOPE_VERSION, encodeEnvelope } from "./wire-envelope.ts";

const envelope = {
  id: "01920000-0000-7000-8000-000000000000",
  path: "billing.invoice",
  codec: "json",
  input: '{"orderId":1}',
};

function expectRefusal(text: unknown, reason: string): void {
  expect(() => decodeEnvelope(text as string)).toThrow(
    expect.objectContaining({
      name: "WebhookError",
      code: "WEBHOOK_ERROR",
      message: `This is no Taskwright message: ${reason}.`,
    }),
  );
}

describe("an envelope", () => {
  it("survives the trip", () => {
    expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(envelope);
    expect(decodeEnvelope(encodeEnvelope({ ...envelope, input: null }))).toEqual({
      ...envelope,
      input: null,
    });
  });

  it("keeps inputs of every kind of text", () => {
    for (const input of ["", '"', "\\", "null", '"日本 😀"', '{"__proto__":1}']) {
      expect(decodeEnvelope(encodeEnvelope({ ...envelope, input })).input).toBe(input);
    }
  });

  it("is one object with a version first", () => {
    expect(encodeEnvelope(envelope)).toBe(
      `{"v":1,"id":"${envelope.id}","path":"billing.invoice","codec":"json","input":"{\\"orderId\\":1}"}`,
    );
    expect(ENVELOPE_VERSION).toBe(1);
  });

  it("writes and reads nothing but its own fields", () => {
    const text = encodeEnvelope({ ...envelope, secret: "s" } as typeof envelope);
    expect(text).not.toContain("secret");
    expect(decodeEnvelope(text.replace("{", '{"extra":1,'))).toEqual(envelope);
  });
});

describe("an envelope of a newer version", () => {
  it.each([2, 3, 1000])("asks to be sent again, as an updated process can read it: %i", (version) => {
    const text = JSON.stringify({ v: version, body: "of whatever shape" });
    expect(() => decodeEnvelope(text)).toThrow(
      expect.objectContaining({
        code: "UPDATE_REQUIRED",
        retryable: true,
        httpStatus: 503,
        data: { version, readable: 1 },
        message: `This message is of version ${version}, and this process reads version 1: update Taskwright here, or send it to a process that is up to date.`,
      }),
    );
  });
});

describe("what is no envelope", () => {
  it.each([
    ["", "it must be JSON; got a string of length 0 that is not"],
    ["s3cr3t", "it must be JSON; got a string of length 6 that is not"],
    ['{"v":1', "it must be JSON; got a string of length 6 that is not"],
    ["{'v':1}", "it must be JSON; got a string of length 7 that is not"],
    [undefined, "it must be a string of JSON; got undefined"],
    [null, "it must be a string of JSON; got null"],
    [envelope, "it must be a string of JSON; got an object"],
    [new Uint8Array(2), "it must be a string of JSON; got an instance of a class"],
    ["null", "it must be a JSON object; got null"],
    ["1", "it must be a JSON object; got a number"],
    ['"text"', "it must be a JSON object; got a string of length 4"],
    ["[]", "it must be a JSON object; got an array of length 0"],
  ])("%j is refused", (text, reason) => {
    expectRefusal(text, reason);
  });

  it.each([
    ["{}", "undefined"],
    ['{"v":0}', "a number"],
    ['{"v":-1}', "a number"],
    ['{"v":1.5}', "a number"],
    ['{"v":"1"}', "a string of length 1"],
    ['{"v":null}', "null"],
    ['{"v":[1]}', "an array of length 1"],
    ['{"v":true}', "a boolean"],
    ['{"V":1}', "undefined"],
  ])("version of %s is refused", (text, kind) => {
    expectRefusal(text, `its version, v, must be 1; got ${kind}`);
  });

  it("fields behind a __proto__ key are refused", () => {
    const inner = encodeEnvelope(envelope);
    expectRefusal(`{"__proto__":${inner}}`, "its version, v, must be 1; got undefined");
    expectRefusal(`{"v":1,"__proto__":${inner}}`, "its input must be a string or null; got undefined");
    expectRefusal(`{"constructor":{"prototype":${inner}}}`, "its version, v, must be 1; got undefined");
  });

  it.each([
    [{ id: undefined }, "its id must be a string of 1 to 200 characters; got undefined"],
    [{ id: 5 }, "its id must be a string of 1 to 200 characters; got a number"],
    [{ id: "" }, "its id must be a string of 1 to 200 characters; got a string of length 0"],
    [{ id: "x".repeat(201) }, "its id must be a string of 1 to 200 characters; got a string of length 201"],
    [{ path: null }, "its path must be a string of 1 to 200 characters; got null"],
    [
      { path: ["billing", "invoice"] },
      "its path must be a string of 1 to 200 characters; got an array of length 2",
    ],
    [
      { path: "x".repeat(201) },
      "its path must be a string of 1 to 200 characters; got a string of length 201",
    ],
    [{ codec: {} }, "its codec must be a string of 1 to 40 characters; got an object"],
    [{ codec: "" }, "its codec must be a string of 1 to 40 characters; got a string of length 0"],
    [{ input: undefined }, "its input must be a string or null; got undefined"],
    [{ input: { orderId: 1 } }, "its input must be a string or null; got an object"],
    [{ input: 0 }, "its input must be a string or null; got a number"],
    [{ input: false }, "its input must be a string or null; got a boolean"],
  ])("one with %o is refused", (change, reason) => {
    expectRefusal(JSON.stringify({ v: 1, ...envelope, ...change }), reason);
  });

  it.each(["id", "path", "codec", "input"])("one whose %s no store can keep is refused", (name) => {
    for (const text of ["a\0", "\ud800", "a\udc00b"]) {
      expectRefusal(
        JSON.stringify({ v: 1, ...envelope, [name]: text }),
        `its ${name} has a NUL character or a lone surrogate (half of a UTF-16 pair)`,
      );
    }
  });

  it("is not quoted, not even in a cause", () => {
    try {
      decodeEnvelope("s3cr3t");
      expect.unreachable();
    } catch (error) {
      expect(error).not.toHaveProperty("cause");
    }
  });

  it("JSON of 100,000 levels is refused", () => {
    expectRefusal(
      "[".repeat(100_000) + "]".repeat(100_000),
      "it must be a JSON object; got an array of length 1",
    );
  });
});
