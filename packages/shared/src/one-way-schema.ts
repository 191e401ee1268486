import { shadowOfCodec } from "./ambiguous-union.ts";
import { pathStep } from "./json-safety.ts";
import { defOf, isCodec, MAX_SCHEMAS, type SchemaDef } from "./schema-def.ts";

/** A step of a schema that `z.encode` cannot run backwards. */
export interface OneWayStep {
  readonly kind: "one-way";
  /** The place, such as `output.user.tags[]`. */
  readonly path: string;
  /** What the step is and how to mend it. */
  readonly reason: string;
}

/** A part of a schema that cannot be looked at yet, as it refers to a schema that is declared later; check again then. */
export interface DeferredStep {
  readonly kind: "deferred";
  /** The place, such as `output.children[]`. */
  readonly path: string;
}

interface Place {
  readonly schema: unknown;
  readonly path: string;
}

/** What one schema says: a fault of its own, or where to go on. */
type Visit = { readonly reason: string } | { readonly inner: readonly Place[] };

const USE_CODEC = "use z.codec(), which goes both ways";

/** What a getter gives; undefined while it reads a const that is not initialised yet. */
function attempt<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** The schemas of an object's properties, read without making zod fix a getter's answer before its time. */
function shapeOf(def: SchemaDef): object {
  const reader = Object.getOwnPropertyDescriptor(def, "shape")?.get as { readonly raw?: object } | undefined;
  return reader?.raw ?? (def.shape as object);
}

function objectPlaces(def: SchemaDef, path: string): readonly Place[] {
  const shape = shapeOf(def) as Readonly<Record<string, unknown>>;
  const places = Object.keys(shape).map((key) => ({
    schema: attempt(() => shape[key]),
    path: path + pathStep(key),
  }));
  return def.catchall === undefined ? places : [...places, { schema: def.catchall, path: `${path}[string]` }];
}

function tuplePlaces(def: SchemaDef, path: string): readonly Place[] {
  const items = def.items as readonly unknown[];
  const places = items.map((schema, index) => ({ schema, path: path + pathStep(index) }));
  return def.rest === null || def.rest === undefined
    ? places
    : [...places, { schema: def.rest, path: `${path}[]` }];
}

/** The def that checks values on one side of pipes, under wrappers such as optional(). */
function endOf(schema: unknown, side: "in" | "out"): SchemaDef | undefined {
  const def = defOf(schema);
  if (def === undefined) return undefined;
  if (def.type === "pipe" && !isCodec(def)) return endOf(def[side], side);
  return "innerType" in def ? endOf(def.innerType, side) : def;
}

/** Kinds that take values of one primitive type only. */
const PRIMITIVE_KINDS: ReadonlySet<string> = new Set(["string", "number", "boolean", "bigint", "date"]);

function pipeReason(def: SchemaDef): string | undefined {
  if (isCodec(def)) return undefined;
  if (defOf(def.in)?.type === "transform") return `z.preprocess() only goes one way; ${USE_CODEC}`;
  // Encoding coerces too, but only to the type that the value already has: "5" -> 5 is not undone.
  const from = endOf(def.in, "out");
  const to = endOf(def.out, "in");
  if (to?.coerce !== true || from === undefined || from.coerce === true) return undefined;
  if (!PRIMITIVE_KINDS.has(from.type) || from.type === to.type) return undefined;
  return `z.${from.type}() piped into z.coerce.${to.type}() only goes one way; ${USE_CODEC}`;
}

function recordReason(def: SchemaDef): string | undefined {
  const key = defOf(def.keyType);
  if (key === undefined || !isCodec(key) || def.partial === true) return undefined;
  const keys = defOf(key.in)?.type;
  if (keys !== "enum" && keys !== "literal") return undefined;
  return "zod cannot encode z.record() with a codec over fixed keys; use z.partialRecord(), or a plain enum as the keys";
}

function visit(def: SchemaDef, path: string): Visit {
  const place = (property: string, step = ""): Place => ({ schema: def[property], path: path + step });
  switch (def.type) {
    case "transform":
      return { reason: `.transform() only goes one way; ${USE_CODEC}` };
    case "success":
      return { reason: "z.success() only goes one way; use z.boolean(), and let the handler decide" };
    case "promise":
      return {
        reason: "z.promise() cannot be stored; use the schema inside it, as handlers' promises are awaited",
      };
    case "function":
      return { reason: "z.function() cannot be stored; return data instead" };
    case "pipe": {
      const reason = pipeReason(def);
      return reason === undefined ? { inner: [place("in"), place("out")] } : { reason };
    }
    case "object":
      return { inner: objectPlaces(def, path) };
    case "array":
      return { inner: [place("element", "[]")] };
    case "tuple":
      return { inner: tuplePlaces(def, path) };
    case "record": {
      const reason = recordReason(def);
      return reason === undefined
        ? { inner: [place("keyType", "[string] (the key)"), place("valueType", "[string]")] }
        : { reason };
    }
    case "map":
      return { inner: [place("keyType", "[] (the key)"), place("valueType", "[]")] };
    case "set":
      return { inner: [place("valueType", "[]")] };
    case "union": {
      const shadow = shadowOfCodec(def);
      if (shadow !== undefined)
        return {
          reason: `a codec in the union is never read back, as z.${shadow}() before it takes what it stores; put the codec first, or use z.discriminatedUnion()`,
        };
      return { inner: (def.options as readonly unknown[]).map((schema) => ({ schema, path })) };
    }
    case "intersection":
      return { inner: [place("left"), place("right")] };
    case "optional":
    case "nullable":
    case "nonoptional":
    case "default":
    case "prefault":
    case "catch":
    case "readonly":
      return { inner: [place("innerType")] };
    case "lazy":
      // Not `_zod.innerType`: once its getter has thrown, zod answers undefined for ever.
      return { inner: [{ schema: def._cachedInner ?? attempt(def.getter as () => unknown), path }] };
    case "string":
    case "number":
    case "int":
    case "boolean":
    case "bigint":
    case "symbol":
    case "null":
    case "undefined":
    case "void":
    case "never":
    case "any":
    case "unknown":
    case "date":
    case "nan":
    case "enum":
    case "literal":
    case "template_literal":
    case "file":
    case "custom":
      return { inner: [] };
    default:
      // A new kind of zod's is a compile error here; one of a user's own cannot be looked into.
      def.type satisfies never;
      return { inner: [] };
  }
}

/**
 * Finds the first step in a schema that `z.encode` cannot run backwards, so that an output could not be stored; undefined
 * if there is none.
 *
 * Where a recursive schema is not complete yet, and no one-way step is found elsewhere, it says so instead.
 */
export function findOneWayStep(schema: unknown): OneWayStep | DeferredStep | undefined {
  if (defOf(schema) === undefined) return undefined;
  // Level by level, so that the shortest path is the one named, and schemas may be nested as deep as they like.
  const queue: Place[] = [{ schema, path: "output" }];
  const seen = new Set<unknown>();
  let deferred: DeferredStep | undefined;
  for (const place of queue) {
    if (seen.has(place.schema)) continue;
    if (seen.size === MAX_SCHEMAS) break;
    seen.add(place.schema);
    const def = defOf(place.schema);
    const visited = def && attempt(() => visit(def, place.path));
    if (visited === undefined) deferred ??= { kind: "deferred", path: place.path };
    else if ("reason" in visited) return { kind: "one-way", path: place.path, reason: visited.reason };
    else queue.push(...visited.inner);
  }
  return deferred;
}
