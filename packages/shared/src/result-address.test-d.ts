import { expectTypeOf } from "vitest";
import type { TaskError } from "./errors/task-error.ts";
import { checkResultPath, noReadableResult, readResultAddress, readWaitTimeout } from "./result-address.ts";
import type { ResultAddress } from "./task-transport.ts";

expectTypeOf(readResultAddress({ id: "1" }, ["backend"])).toEqualTypeOf<ResultAddress>();
expectTypeOf(readWaitTimeout).toEqualTypeOf<(timeoutMs: unknown) => number>();
expectTypeOf(noReadableResult("1")).toEqualTypeOf<TaskError>();
expectTypeOf(checkResultPath({ id: "1", path: "sendEmail" }, null)).toEqualTypeOf<void>();
// @ts-expect-error -- an address is read from fields
readResultAddress("1", []);
// @ts-expect-error -- a result is of a task
checkResultPath({ id: "1" }, "sendEmail");
// @ts-expect-error -- ids are text
noReadableResult(1);
