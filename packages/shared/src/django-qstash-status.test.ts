import { describe, expect, it } from "vitest";
import { toDjangoQstashStatus } from "./django-qstash-status.ts";
import type { TaskStatus } from "./task-status.ts";

describe("toDjangoQstashStatus", () => {
  it.each([
    ["READY", undefined, "PENDING"],
    ["READY", "EXECUTION_ERROR", "PENDING"],
    ["RUNNING", undefined, "PENDING"],
    ["RUNNING", "TIMEOUT", "PENDING"],
    ["SUCCESSFUL", undefined, "SUCCESS"],
    ["SUCCESSFUL", "EXECUTION_ERROR", "SUCCESS"],
    ["FAILED", "EXECUTION_ERROR", "EXECUTION_ERROR"],
    ["FAILED", "INTERNAL_ERROR", "INTERNAL_ERROR"],
    ["FAILED", "PAYLOAD_ERROR", "OTHER_ERROR"],
    ["FAILED", "TIMEOUT", "OTHER_ERROR"],
    ["FAILED", "LEASE_EXPIRED", "OTHER_ERROR"],
    ["FAILED", "EXPIRED", "OTHER_ERROR"],
    ["FAILED", null, "OTHER_ERROR"],
    ["FAILED", undefined, "OTHER_ERROR"],
    ["CANCELLED", undefined, "OTHER_ERROR"],
    ["CANCELLED", "EXECUTION_ERROR", "OTHER_ERROR"],
  ] as const)("calls %s, last error %s, %s", (status, lastError, word) => {
    expect(toDjangoQstashStatus(status, lastError)).toBe(word);
  });

  it.each(["ready", "PENDING", "", "constructor", undefined, null])(
    "calls %s, which is no state of ours, UNKNOWN",
    (status) => {
      expect(toDjangoQstashStatus(status as TaskStatus)).toBe("UNKNOWN");
    },
  );
});
