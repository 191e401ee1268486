import { expectTypeOf } from "vitest";
import { type AllowedQueues, type OptionsPlace, parseOptions } from "./parse-options.ts";
import type { ParsedOptions } from "./resolved-options.ts";

expectTypeOf<OptionsPlace>().toEqualTypeOf<"defaults" | "task" | "call">();
expectTypeOf<AllowedQueues>().toEqualTypeOf<ReadonlySet<string> | "any">();
expectTypeOf(parseOptions({}, "call", "any")).toEqualTypeOf<ParsedOptions>();
// @ts-expect-error -- no such place
parseOptions({}, "server", "any");
// @ts-expect-error -- any is spelled as a word, not as an empty list
parseOptions({}, "call", []);
