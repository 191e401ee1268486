import { expectTypeOf } from "vitest";
import type { Capabilities } from "./capabilities.ts";

expectTypeOf<Capabilities[keyof Capabilities]>().toEqualTypeOf<boolean>();
expectTypeOf<
  "supportsDefer" | "supportsPriority" | "leases" | "delivery" | "wakeups" | "schedules" | "outbox"
>().toExtend<keyof Capabilities>();
declare const capabilities: Capabilities;
// @ts-expect-error -- a backend does not learn
capabilities.leases = true;
