import { expectTypeOf } from "vitest";
import { errorAccount, TRPC_CODES, unknownTaskAccount } from "./error-account.ts";
import { ERROR_CODES, type TaskErrorCode } from "./error-codes.ts";
import type { TaskErrorJson } from "./task-error.ts";

expectTypeOf(errorAccount).toEqualTypeOf<(thrown: unknown) => TaskErrorJson>();
expectTypeOf(unknownTaskAccount("a", new Set(["b"]))).toEqualTypeOf<TaskErrorJson>();
// @ts-expect-error -- paths are text
unknownTaskAccount("a", [1]);

expectTypeOf(TRPC_CODES[404]).toEqualTypeOf<"NOT_FOUND">();
// Every error has one.
expectTypeOf<(typeof ERROR_CODES)[TaskErrorCode]["httpStatus"]>().toExtend<keyof typeof TRPC_CODES>();
expectTypeOf(TRPC_CODES[ERROR_CODES.REFUSED.httpStatus]).toEqualTypeOf<"BAD_REQUEST">();
// @ts-expect-error -- no error has this status
TRPC_CODES[418];
