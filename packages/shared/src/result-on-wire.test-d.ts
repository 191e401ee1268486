import { expectTypeOf } from "vitest";
import { fromWire, type TaskResultOnWire, toWire } from "./result-on-wire.ts";
import type { TaskResult } from "./task-result.ts";

declare const result: TaskResult;
expectTypeOf(toWire(result)).toEqualTypeOf<TaskResultOnWire>();
expectTypeOf(fromWire(toWire(result))).toEqualTypeOf<TaskResult>();
// @ts-expect-error -- who ran it is the server's own affair
void toWire(result).workerIds;
// @ts-expect-error -- and where it is kept
void toWire(result).backend;
