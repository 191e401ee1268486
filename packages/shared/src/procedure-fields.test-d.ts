import { expectTypeOf } from "vitest";
import {
  checkAllowedOptions,
  checkInputList,
  checkRequestKey,
  readProcedureFields,
} from "./procedure-fields.ts";

expectTypeOf(readProcedureFields).toEqualTypeOf<
  (input: unknown, what: string, names: readonly string[]) => Readonly<Record<string, unknown>>
>();
expectTypeOf(checkAllowedOptions).toEqualTypeOf<
  (options: Readonly<Record<string, unknown>>, allowed: readonly string[]) => void
>();

const fields = readProcedureFields({}, "enqueueMany", ["inputs", "requestKey"]);
const { inputs, requestKey } = fields;
checkInputList("sendEmail", inputs);
expectTypeOf(inputs).toEqualTypeOf<readonly unknown[]>();
checkRequestKey(requestKey);
expectTypeOf(requestKey).toEqualTypeOf<string | undefined>();

// @ts-expect-error -- what was read does not change
fields.inputs = [];
// @ts-expect-error -- names are text
readProcedureFields({}, "enqueueMany", [1]);
// @ts-expect-error -- options have names
checkAllowedOptions("priority", []);
