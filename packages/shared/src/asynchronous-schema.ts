import type { $ZodTypeDef } from "zod/v4/core";

interface Def {
  readonly type?: string;
  readonly check?: string;
  readonly [key: string]: unknown;
}

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

/** So many schemas are looked at; only a recursive getter that makes new schemas each time gets there. */
const MAX_SCHEMAS = 5000;

function defOf(value: unknown): Def | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { readonly _zod?: { readonly def?: Def } })._zod?.def;
}

/** Whether it may call a function of the user's that may return a promise: a refinement, a transform, a codec. */
function runsUserCode(def: Def): boolean {
  if (typeof def.fn === "function" || typeof def.transform === "function") return true;
  const isPlain = def.type === undefined ? PLAIN_CHECKS.has(def.check) : PLAIN_TYPES.has(def.type);
  return !isPlain || (def.check !== undefined && !PLAIN_CHECKS.has(def.check));
}

/** The schemas and checks that it is made of. */
function partsOf(def: Def): readonly unknown[] {
  if (def.type === "lazy") return [(def.getter as () => unknown)()];
  return [...Object.values(def).flat(), ...Object.values(def.shape ?? {})];
}

/**
 * Whether parsing by a schema may need to wait.
 *
 * Asked beforehand, for to try it synchronously is no way to find out: zod then drops the promise of the user's
 * function, and one that rejects would end the process.
 */
export function mayBeAsynchronous(schema: unknown): boolean {
  const seen = new Set<Def>();
  const open: unknown[] = [schema];
  while (open.length > 0) {
    const def = defOf(open.pop());
    if (def === undefined || seen.has(def)) continue;
    if (runsUserCode(def) || seen.size === MAX_SCHEMAS) return true;
    seen.add(def);
    open.push(...partsOf(def));
  }
  return false;
}
