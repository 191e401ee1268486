import { defOf, defsIn, isCodec, MAX_SCHEMAS, type SchemaDef } from "./schema-def.ts";

/** Kinds whose schemas, without checks, take every value of one primitive type. */
const PRIMITIVES: ReadonlySet<string> = new Set(["string", "number", "boolean"]);

/** Whether its options are told apart by a property and not by trying one after the other. */
function isDiscriminated(def: SchemaDef): boolean {
  return def.discriminator !== undefined && def.unionFallback !== true;
}

/** The def that stored values meet first, under wrappers such as optional(), and whether a codec turns them into others. */
function entryOf(schema: unknown): { readonly def: SchemaDef | undefined; readonly isDecoded: boolean } {
  let def = defOf(schema);
  let isDecoded = false;
  while (def !== undefined) {
    isDecoded ||= isCodec(def) || (def.type === "pipe" && entryOf(def.out).isDecoded);
    const inner = def.type === "pipe" ? def.in : def.innerType;
    if (inner === undefined) break;
    def = defOf(inner);
  }
  return { def, isDecoded };
}

/** What a stored form that the def takes is sure to be; undefined where its values or checks have a say. */
function takesAll(def: SchemaDef): string | undefined {
  if (def.type === "any" || def.type === "unknown") return "any";
  const isChecked =
    def.check !== undefined || ((def.checks as readonly unknown[] | undefined) ?? []).length > 0;
  return PRIMITIVES.has(def.type) && !isChecked ? def.type : undefined;
}

/** The name of the option that takes all that a later option's codec stores, so that it is never read back; or undefined. */
export function shadowOfCodec(union: SchemaDef): string | undefined {
  if (isDiscriminated(union) || union.inclusive === false) return undefined;
  const taken = new Set<string>();
  for (const option of union.options as readonly unknown[]) {
    const { def, isDecoded } = entryOf(option);
    if (def === undefined) continue;
    const shadow = taken.has("any") ? "any" : def.type;
    if (isDecoded && taken.has(shadow)) return shadow;
    const all = isDecoded ? undefined : takesAll(def);
    if (all !== undefined) taken.add(all);
  }
  return undefined;
}

/**
 * Whether a value may be stored by one option of a union and read by another: only where options are tried in turn, and
 * a codec gives what is stored another form.
 */
export function mayChangeOption(schema: unknown): boolean {
  let count = 0;
  for (const def of defsIn(schema)) {
    if (++count === MAX_SCHEMAS) return true;
    if (def.type === "union" && !isDiscriminated(def) && holdsCodec(def.options as readonly unknown[]))
      return true;
  }
  return false;
}

function holdsCodec(options: readonly unknown[]): boolean {
  for (const option of options) {
    for (const def of defsIn(option)) if (isCodec(def)) return true;
  }
  return false;
}
