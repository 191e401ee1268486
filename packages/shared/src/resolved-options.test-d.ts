import { expectTypeOf } from "vitest";
import {
  BUILT_IN_OPTIONS,
  mergeOptions,
  type ParsedOptions,
  type ResolvedBackoff,
  type ResolvedOptions,
} from "./resolved-options.ts";

expectTypeOf(BUILT_IN_OPTIONS).toExtend<ResolvedOptions>();
// @ts-expect-error -- what is built in does not change
BUILT_IN_OPTIONS.maxRetries = 7;

declare const complete: ResolvedOptions;
declare const partial: ParsedOptions;
// What is complete stays complete under whatever is laid over it.
expectTypeOf(mergeOptions(complete, partial)).toEqualTypeOf<ResolvedOptions>();
expectTypeOf(mergeOptions(partial, complete)).toEqualTypeOf<ParsedOptions>();
expectTypeOf<ResolvedOptions>().toExtend<ParsedOptions>();
expectTypeOf<ResolvedOptions["backoff"]>().toEqualTypeOf<ResolvedBackoff>();
expectTypeOf<ResolvedOptions["timeoutMs"]>().toEqualTypeOf<number | null>();
// @ts-expect-error -- what was said may be nothing
export const queue: string = partial.queue;
// @ts-expect-error -- parsed options count in milliseconds
mergeOptions(partial, { timeout: "5m" });
expectTypeOf(BUILT_IN_OPTIONS).toEqualTypeOf<ResolvedOptions>();
