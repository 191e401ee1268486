import type { $ZodTypeDef } from "zod/v4/core";
import { defsIn, MAX_SCHEMAS, type SchemaDef } from "./schema-def.ts";

/** Kinds of schema that run no code of the user's but what their parts run. */
const PLAIN_TYPES: ReadonlySet<string | undefined> = new Set<$ZodTypeDef["type"]>([
  "string",
  "number",
  "int",
  "boolean",
  "bigint",
  "symbol",
  "null",
  "undefined",
  "void",
  "never",
  "any",
  "unknown",
  "date",
  "nan",
  "enum",
  "literal",
  "template_literal",
  "file",
  "object",
  "array",
  "tuple",
  "record",
  "map",
  "set",
  "union",
  "intersection",
  "optional",
  "nullable",
  "nonoptional",
  "default",
  "prefault",
  "catch",
  "readonly",
  "success",
  "lazy",
  "pipe",
]);

const PLAIN_CHECKS: ReadonlySet<string | undefined> = new Set([
  "less_than",
  "greater_than",
  "multiple_of",
  "number_format",
  "bigint_format",
  "max_size",
  "min_size",
  "size_equals",
  "max_length",
  "min_length",
  "length_equals",
  "string_format",
  "property",
  "mime_type",
  "overwrite",
]);

/** Whether it may call a function of the user's that may return a promise: a refinement, a transform, a codec. */
function runsUserCode(def: SchemaDef): boolean {
  if (typeof def.fn === "function" || typeof def.transform === "function") return true;
  const isPlain = def.type === undefined ? PLAIN_CHECKS.has(def.check) : PLAIN_TYPES.has(def.type);
  return !isPlain || (def.check !== undefined && !PLAIN_CHECKS.has(def.check));
}

/**
 * Whether parsing by a schema may need to wait.
 *
 * Asked beforehand, for to try it synchronously is no way to find out: zod then drops the promise of the user's
 * function, and one that rejects would end the process.
 */
export function mayBeAsynchronous(schema: unknown): boolean {
  let count = 0;
  for (const def of defsIn(schema)) {
    if (runsUserCode(def) || ++count === MAX_SCHEMAS) return true;
  }
  return false;
}
