import { expect, test } from "vitest";
import { isLocked, isRefusal, toTaskError } from "./sqlite-errors.ts";

/** As a Prisma client throws what an adapter has said. */
function thrown(cause: object): Error {
  return Object.assign(new Error("Raw query failed."), {
    code: "P2010",
    meta: { driverAdapterError: { cause } },
  });
}

test.each([
  ["its kind", { kind: "SocketTimeout", originalCode: "5" }],
  ["the number of a snapshot that is too old", { kind: "sqlite", originalCode: "517" }],
  ["the name of the code", { kind: "sqlite", originalCode: "SQLITE_BUSY_SNAPSHOT" }],
])("a lock is known by %s, and may be tried again", (_how, cause) => {
  expect(isLocked(thrown(cause))).toBe(true);
  expect(toTaskError(thrown(cause))).toMatchObject({ code: "BACKEND_UNAVAILABLE", retryable: true });
});

test("a row that is refused is told from a store that fails", () => {
  expect(isRefusal(thrown({ kind: "NullConstraintViolation", originalCode: "1299" }))).toBe(true);
  expect(isRefusal(thrown({ kind: "sqlite", originalCode: "18" }))).toBe(true);
  expect(isRefusal(thrown({ kind: "sqlite", originalCode: "10" }))).toBe(false);
  expect(isRefusal(new Error("something else"))).toBe(false);
});

test("missing tables are told with what makes them", () => {
  const missing = thrown({
    kind: "sqlite",
    originalCode: "1",
    originalMessage: "SQLITE_ERROR: no such table: taskwright_task",
  });
  expect(toTaskError(missing)).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("taskwright migrate"),
  });
});
