import { expect, test } from "vitest";
import { checkResultPath, noReadableResult, readResultAddress, readWaitTimeout } from "./result-address.ts";

test("an address is an id, and a path and a backend where they are said", () => {
  expect(readResultAddress({ id: "1" }, [])).toEqual({ id: "1", path: null, backend: null });
  const said = { id: "1", path: "a", backend: "bulk" };
  expect(readResultAddress(said, ["backend"])).toEqual(said);
  for (const id of [undefined, "", 1])
    expect(() => readResultAddress({ id }, [])).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});

test("a backend is refused where callers may not choose one", () => {
  expect(() => readResultAddress({ id: "1", backend: "bulk" }, ["eta"])).toThrow(
    expect.objectContaining({ code: "FORBIDDEN", data: { option: "backend" } }),
  );
});

test("a wait takes 25 seconds at most, and where nothing is said", () => {
  expect([undefined, 0, 500, 60_000].map(readWaitTimeout)).toEqual([25_000, 0, 500, 25_000]);
  for (const timeoutMs of [-1, Number.NaN, "1s", null])
    expect(() => readWaitTimeout(timeoutMs)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});

test("a result is that of its own task, or of any where nothing is said", () => {
  const result = { id: "1", path: "a" };
  checkResultPath(result, null);
  checkResultPath(result, "a");
  expect(() => checkResultPath(result, "b")).toThrow(
    expect.objectContaining({
      code: "RESULT_MISMATCH",
      message: "1 is a result of a, not of b.",
      data: { id: "1", path: "a" },
    }),
  );
});

test("an id of somebody else's making is shown in part", () => {
  const { code, data } = noReadableResult("i".repeat(300));
  expect({ code, data }).toEqual({ code: "RESULT_NOT_FOUND", data: { id: "i".repeat(100) } });
});
