import { expectTypeOf } from "vitest";
import { RESERVED_NAMES, type ReservedName } from "./task-path.ts";

expectTypeOf(RESERVED_NAMES).toEqualTypeOf<ReadonlySet<string>>();
expectTypeOf<
  "then" | "delay" | "using" | "use" | "context" | "transactionClient" | "__proto__"
>().toExtend<ReservedName>();
// @ts-expect-error -- a task may be called that
export const free: ReservedName = "sendEmail";
