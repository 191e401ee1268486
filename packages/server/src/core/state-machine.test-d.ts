import type { TaskStatus } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import { isAllowed, TRANSITIONS, type Transition } from "./state-machine.ts";

expectTypeOf(TRANSITIONS).toEqualTypeOf<readonly Transition[]>();
expectTypeOf<Transition["to"]>().toEqualTypeOf<TaskStatus>();
expectTypeOf(isAllowed(null, "READY")).toEqualTypeOf<boolean>();
// @ts-expect-error -- no such state
isAllowed("READY", "DONE");
// @ts-expect-error -- the table is fixed
TRANSITIONS.push({ from: "READY", to: "READY" });
