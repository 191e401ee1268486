import { expectTypeOf } from "vitest";
import { type DjangoQstashStatus, toDjangoQstashStatus } from "./django-qstash-status.ts";

expectTypeOf<DjangoQstashStatus>().toEqualTypeOf<
  "PENDING" | "SUCCESS" | "EXECUTION_ERROR" | "INTERNAL_ERROR" | "OTHER_ERROR" | "UNKNOWN"
>();
expectTypeOf(toDjangoQstashStatus("FAILED", "TIMEOUT")).toEqualTypeOf<DjangoQstashStatus>();
expectTypeOf(toDjangoQstashStatus("READY", null)).toEqualTypeOf<DjangoQstashStatus>();
// @ts-expect-error -- a word of theirs is no state of ours
toDjangoQstashStatus("PENDING");
// @ts-expect-error -- nor is any text the type of an error
toDjangoQstashStatus("FAILED", "TypeError");
