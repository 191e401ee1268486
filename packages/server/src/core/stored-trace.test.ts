import { BUILT_IN_OPTIONS } from "@taskwright/shared";
import { describe, expect, test } from "vitest";
import { decodePolicy, encodePolicy } from "./attempt-policy.ts";
import { boundedHeaders, readTrace, withTrace } from "./stored-trace.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ORIGIN = { headers: { traceparent: TRACEPARENT, baggage: "tenant=blue" }, isOneOfMany: false };

describe("what is stored of a trace", () => {
  test.each([
    ["alone", null],
    ["beside what a call said", encodePolicy({ timeoutMs: 5_000, retryDelayMs: 10 })],
  ])("is read again, %s", (_, policy) => {
    expect(readTrace(withTrace(policy, ORIGIN))).toEqual(ORIGIN);
    const many = { ...ORIGIN, isOneOfMany: true };
    expect(readTrace(withTrace(policy, many))).toEqual(many);
  });

  test("changes nothing for who does not trace", () => {
    for (const policy of [null, encodePolicy({ timeoutMs: null }), encodePolicy({ retryDelayMs: 10 })]) {
      const { timeoutMs, backoff, retryDelayMs } = decodePolicy(policy, BUILT_IN_OPTIONS) ?? {};
      expect(decodePolicy(withTrace(policy, ORIGIN), BUILT_IN_OPTIONS)).toEqual({
        timeoutMs,
        backoff,
        retryDelayMs,
      });
    }
  });

  test("is plain text for every store, whatever a propagator writes", () => {
    const odd = { headers: { odd: "\0\uD800é" }, isOneOfMany: false };
    const text = withTrace(null, odd);
    expect(text).not.toContain("\0");
    expect(text.isWellFormed()).toBe(true);
    expect(readTrace(text)).toEqual(odd);
  });

  test.each([
    ["nothing", null],
    ["a policy without one", encodePolicy({ timeoutMs: 1 })],
    ["what is no JSON", "{"],
    ["JSON that is no object", "null"],
    ["another shape", '{"trace":"00"}'],
    ["headers of another shape", '{"trace":{"headers":["00"]}}'],
    ["a header that is no text", '{"trace":{"headers":{"traceparent":1}}}'],
  ])("is nothing where there is %s", (_, policy) => {
    expect(readTrace(policy)).toBeNull();
  });
});

describe("headers that are too long to be stored", () => {
  test("are left out, and the trace stays known", () => {
    const headers = { baggage: "a".repeat(4_096), traceparent: TRACEPARENT, tracestate: "vendor=1" };
    expect(boundedHeaders(headers)).toEqual({
      headers: { traceparent: TRACEPARENT, tracestate: "vendor=1" },
      omitted: ["baggage"],
    });
  });

  test("are measured in bytes, and all together", () => {
    expect(boundedHeaders({ baggage: "é".repeat(2_040) }).omitted).toEqual([]);
    expect(boundedHeaders({ baggage: "é".repeat(2_048) }).omitted).toEqual(["baggage"]);
    const half = { a: "x".repeat(2_000), b: "x".repeat(2_001), c: "x".repeat(2_002) };
    expect(boundedHeaders(half).omitted).toEqual(["c"]);
  });

  test("are no headers where a propagator has set something else", () => {
    expect(boundedHeaders({ traceparent: TRACEPARENT, odd: 7 as never }).headers).toEqual({
      traceparent: TRACEPARENT,
    });
  });
});
