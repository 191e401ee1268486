import { expectTypeOf } from "vitest";
import { findJsonProblem, type JsonProblem } from "./json-safety.ts";

expectTypeOf(findJsonProblem({ at: new Date() }, "input")).toEqualTypeOf<JsonProblem | undefined>();
expectTypeOf<JsonProblem>().toEqualTypeOf<{ readonly path: string; readonly problem: string }>();
// @ts-expect-error -- the root's name starts the path
findJsonProblem({});
