import { expectTypeOf } from "vitest";
import { checkOptionNames } from "./option-names.ts";

expectTypeOf(checkOptionNames).toEqualTypeOf<
  (given: unknown, what: string, valid: readonly string[]) => void
>();
// @ts-expect-error -- names are text
checkOptionNames({}, "get()", [1]);
