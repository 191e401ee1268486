import { expect, test } from "vitest";
import {
  checkAllowedOptions,
  checkInputList,
  checkRequestKey,
  readProcedureFields,
} from "./procedure-fields.ts";

test("fields are read from an object with no other names, and none says that a transformer may be missing", () => {
  const fields = { input: 1 };
  expect(readProcedureFields(fields, "enqueue of a", ["input", "options"])).toBe(fields);
  for (const none of [undefined, null])
    expect(() => readProcedureFields(none, "enqueue of a", ["input", "options"])).toThrow(
      /^enqueue of a takes an object of input, options; none came\. .*transformer/,
    );
  expect(() => readProcedureFields({ inptu: 1 }, "enqueue of a", ["input"])).toThrow(
    /Did you mean "input"\?/,
  );
});

test("an option that is not allowed is refused by its name, unless it is undefined", () => {
  checkAllowedOptions({ eta: 1, queue: undefined }, ["eta"]);
  expect(() => checkAllowedOptions({ queue: "a" }, ["eta"])).toThrow(
    expect.objectContaining({
      code: "FORBIDDEN",
      message: 'The option "queue" may not be set from here; allowed are: eta.',
      data: { option: "queue" },
    }),
  );
  expect(() => checkAllowedOptions({ queue: "a" }, [])).toThrow("from here; none is.");
});

test("a request key has 16 to 200 characters", () => {
  for (const key of [undefined, "k".repeat(16), "k".repeat(200)]) checkRequestKey(key);
  for (const key of ["k".repeat(15), "k".repeat(201), 1, null])
    expect(() => checkRequestKey(key)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});

test("a list of inputs has at most 1000", () => {
  checkInputList("a", Array.from({ length: 1_000 }));
  expect(() => checkInputList("a", Array.from({ length: 1_001 }))).toThrow(
    "enqueueMany of a takes an array of at most 1000 inputs from here; got an array of length 1001; make several calls.",
  );
  expect(() => checkInputList("a", "b")).toThrow("got string.");
});
