import { expectTypeOf } from "vitest";
import { didYouMean, nearestName } from "./nearest-name.ts";

expectTypeOf(nearestName("a", ["b"])).toEqualTypeOf<string | undefined>();
expectTypeOf(didYouMean("a", new Set(["b"]))).toEqualTypeOf<string>();
// @ts-expect-error -- names are text
nearestName("a", [1]);
