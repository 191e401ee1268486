import { expect, test } from "vitest";
import { refusal } from "../../../../../test/harness/sqlite-store.ts";
import { sqliteBackend } from "./index.ts";

function messageOf(options: unknown): Promise<string> {
  return refusal(() => sqliteBackend(options as never)).then((error) => {
    expect(error.code).toBe("INVALID_OPTION");
    return error.message;
  });
}

test.each([
  [undefined, 'needs its options as an object, such as { file: "taskwright.db" }, not undefined'],
  [null, "not null"],
  ["taskwright.db", 'such as { file: "taskwright.db" }, not this string'],
  [{}, 'needs file: the path of the database, such as "taskwright.db", not undefined'],
  [{ file: "" }, "not an empty string"],
  [{ file: "  " }, "not an empty string"],
  [{ file: "a\0b" }, "needs file: the path of the database"],
  [{ file: 5 }, "not a value of type number"],
  [{ file: new URL("file:///tasks.db") }, "not a value of type object"],
  [{ file: ":memory:" }, "use memoryBackend() of @taskwright/server/memory"],
  [{ file: "file:tasks.db?mode=memory" }, "takes file as a path, not as a URL"],
  [{ file: "FILE:///tasks.db" }, "fileURLToPath()"],
  [{ file: "a", durability: "none" }, 'durability must be "full" or "process", not this string'],
  [{ file: "a", lockTimeout: "soon" }, "lockTimeout"],
  [{ file: "a", lockTimeout: -1 }, "lockTimeout"],
  [{ fil: "a" }, 'has no option "fil". Did you mean "file"?'],
])("%j is refused with what was expected and what came", async (options, words) => {
  expect(await messageOf(options)).toContain(words);
});
