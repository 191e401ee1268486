import type { $ZodTypeDef } from "zod/v4/core";

/** What a zod schema is made of, or one of its checks, which has a `check` and no `type`. */
export interface SchemaDef {
  readonly type: $ZodTypeDef["type"];
  readonly check?: string;
  readonly [key: string]: unknown;
}

/** So many schemas are looked at; only a recursive getter that makes new schemas each time gets there. */
export const MAX_SCHEMAS = 5000;

/** The def of a zod schema or check; undefined for anything else. */
export function defOf(value: unknown): SchemaDef | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as { readonly _zod?: { readonly def?: SchemaDef } })._zod?.def;
}

/** Whether it is a schema with code of the user's for both directions, such as `z.codec()` makes. */
export function isCodec(def: SchemaDef): boolean {
  return def.type === "pipe" && typeof def.reverseTransform === "function";
}

/** The schemas and checks that it is made of. */
function partsOf(def: SchemaDef): readonly unknown[] {
  if (def.type === "lazy") return [(def.getter as () => unknown)()];
  // Reading a default's value makes it, by code of the user's.
  const own = Object.keys(def).filter((key) => key !== "defaultValue");
  return [...own.flatMap((key) => def[key]), ...Object.values(def.shape ?? {})];
}

/** Each def that a schema is made of, once; ends after {@link MAX_SCHEMAS}. */
export function* defsIn(schema: unknown): Generator<SchemaDef, void> {
  const seen = new Set<SchemaDef>();
  const open: unknown[] = [schema];
  while (open.length > 0 && seen.size < MAX_SCHEMAS) {
    const def = defOf(open.pop());
    if (def === undefined || seen.has(def)) continue;
    seen.add(def);
    yield def;
    open.push(...partsOf(def));
  }
}
