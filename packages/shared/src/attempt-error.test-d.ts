import { expectTypeOf } from "vitest";
import type { AttemptError, AttemptErrorType } from "./attempt-error.ts";

expectTypeOf<AttemptErrorType>().toEqualTypeOf<
  "EXECUTION_ERROR" | "PAYLOAD_ERROR" | "TIMEOUT" | "LEASE_EXPIRED" | "EXPIRED" | "INTERNAL_ERROR"
>();
expectTypeOf<AttemptError["type"]>().toEqualTypeOf<AttemptErrorType>();
expectTypeOf<AttemptError>().toHaveProperty("stack").toEqualTypeOf<string | null>();
expectTypeOf<AttemptError>().toHaveProperty("workerId").toEqualTypeOf<string | null>();

/** Every entry of a list of errors can be shown by its type. */
export function shown({ type }: AttemptError): string {
  switch (type) {
    case "EXECUTION_ERROR":
    case "PAYLOAD_ERROR":
    case "TIMEOUT":
    case "LEASE_EXPIRED":
    case "EXPIRED":
    case "INTERNAL_ERROR":
      return type;
  }
}

declare const error: AttemptError;
// @ts-expect-error -- it is a record of what happened
error.message = "";
// @ts-expect-error -- no such type
export const retried: boolean = error.type === "RETRIED";
