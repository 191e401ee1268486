import superjson from "superjson";
import { expectTypeOf } from "vitest";
import type { Codec, Transformer } from "./codec.ts";
import { initTasks } from "./init-tasks.ts";

expectTypeOf(superjson).toExtend<Transformer>();
expectTypeOf<Codec["id"]>().toEqualTypeOf<string>();
expectTypeOf<ReturnType<Codec["decode"]>>().toEqualTypeOf<unknown>();

const own: Transformer = {
  id: "own/1",
  serialize: (value) => JSON.stringify(value),
  deserialize: (value) => JSON.parse(String(value)),
};
initTasks.create({ transformer: own });

// @ts-expect-error -- it cannot be read back
const oneWay: Transformer = { serialize: (value: unknown) => value };
// @ts-expect-error -- its id is text
const numbered: Transformer = { ...own, id: 1 };

export { numbered, oneWay };

declare const codec: Codec;
const encoded = codec.encode({}, "input");
if ("problem" in encoded) expectTypeOf(encoded.problem.path).toEqualTypeOf<string>();
else expectTypeOf(encoded.text).toEqualTypeOf<string>();
// @ts-expect-error -- there may be a problem instead of text
encoded.text;
