import { expectTypeOf } from "vitest";
import { NonRetryable, RetryAfter } from "./handler-signals.ts";

expectTypeOf(new RetryAfter("10m")).toExtend<Error>();
expectTypeOf(new NonRetryable()).toExtend<Error>();
new RetryAfter(new Date(), "The shop is closed.", { cause: new Error("503") });
new NonRetryable("No such user.", { cause: new Error("404") });
expectTypeOf(new RetryAfter("10m").wait).toEqualTypeOf<{ readonly ms: number } | { readonly until: Date }>();
// @ts-expect-error -- a retry has a time
new RetryAfter();
// @ts-expect-error -- a number has no unit
new RetryAfter(600);
// @ts-expect-error -- a time is a Date
new RetryAfter("2030-01-01T00:00:00Z");
// @ts-expect-error -- it says why in words
new NonRetryable(new Error("404"));
