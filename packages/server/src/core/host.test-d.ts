import { expectTypeOf } from "vitest";
import { systemHost } from "../system-host.ts";
import type { CancelTimer, Host } from "./host.ts";

expectTypeOf(systemHost).toEqualTypeOf<Host>();
expectTypeOf(systemHost.setTimer(1, () => {}, { keepAlive: true })).toEqualTypeOf<CancelTimer>();
expectTypeOf<CancelTimer>().toEqualTypeOf<() => void>();
expectTypeOf(systemHost.wallTime()).toEqualTypeOf<number>();
// A test takes the machine and changes its clock.
export const stopped: Host = { ...systemHost, wallTime: () => 0 };
// @ts-expect-error -- a host can do all of it
export const clock: Host = { wallTime: () => 0 };
