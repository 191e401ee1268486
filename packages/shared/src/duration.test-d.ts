import { expectTypeOf } from "vitest";
import { type Duration, durationToMs, MAX_DURATION_MS } from "./duration.ts";

const durations: readonly Duration[] = ["0ms", "500ms", "1.5s", "30s", "5m", "2h", "7d"];
expectTypeOf(durations).items.toExtend<string>();
expectTypeOf(MAX_DURATION_MS).toEqualTypeOf<number>();
expectTypeOf(durationToMs).toEqualTypeOf<(value: unknown, option: string) => number>();

// @ts-expect-error -- a number has no unit
const number: Duration = 30;
// @ts-expect-error -- nor has this
const unitless: Duration = "30";
// @ts-expect-error -- weeks are no unit
const weeks: Duration = "2w";
// @ts-expect-error -- units are one or two letters
const words: Duration = "5 minutes";
// @ts-expect-error -- any string may be no duration
const text: Duration = String("5m");

export { number, text, unitless, weeks, words };
