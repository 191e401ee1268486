import { expectTypeOf } from "vitest";
import { findJsonProblem, type JsonProblem } from "./json-safety.ts";

expectTypeOf(findJsonProblem({ at: new Date() }, "input")).toEqualTypeOf<JsonProblem | undefined>();
expectTypeOf<JsonProblem>().toEqualTypeOf<{
  readonly path: string;
  readonly keys: readonly (string | number)[];
  readonly problem: string;
  readonly code: "not_json_safe" | "too_large";
}>();
// @ts-expect-error -- the root's name starts the path
findJsonProblem({});
