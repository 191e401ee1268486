import { expectTypeOf } from "vitest";
import type { Attempt } from "./attempt.ts";

declare const attempt: Attempt;
expectTypeOf(attempt.id).toEqualTypeOf<string>();
expectTypeOf(attempt.number).toEqualTypeOf<number>();
expectTypeOf(attempt.isLast).toEqualTypeOf<boolean>();
expectTypeOf(attempt.parentId).toEqualTypeOf<string | null>();
expectTypeOf(attempt.remainingMs()).toEqualTypeOf<number | null>();
expectTypeOf(attempt.progress({ done: 1, of: 2 })).toEqualTypeOf<Promise<void>>();
// @ts-expect-error -- progress says something
void attempt.progress();
// @ts-expect-error -- an attempt does not choose its number
attempt.number = 1;
