import type { InputScalar } from "../../backend/index.ts";

/** How many keys may lead to a leaf. */
const DEEPEST_LEAF = 3;

/** A scalar in an input, with the keys that lead to it. */
export interface InputLeaf {
  readonly path: readonly string[];
  readonly value: InputScalar;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is InputScalar {
  return value === null || typeof value !== "object";
}

/** The value under a key of its own; a name such as `constructor` is a key like any other. */
function under(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The object whose leaves can be filtered on; undefined for text that is no JSON, which has none. */
export function inputRoot(input: string | null, codec: string): unknown {
  if (input === null) return undefined;
  try {
    const value: unknown = JSON.parse(input);
    return codec === "superjson" ? under(value, "json") : value;
  } catch {
    return undefined;
  }
}

/** The scalar at a path; undefined where there is none, or no scalar. */
export function leafAt(root: unknown, path: readonly string[]): InputScalar | undefined {
  const value = path.reduce(under, root);
  return value !== undefined && isScalar(value) ? value : undefined;
}

/** Every leaf of at most {@link DEEPEST_LEAF} keys; null when they are more than `most`. */
export function leavesOf(root: unknown, most: number): readonly InputLeaf[] | null {
  const leaves: InputLeaf[] = [];
  const walk = (object: JsonObject, keys: readonly string[]): boolean => {
    for (const key of Object.keys(object)) {
      const value = object[key];
      const path = [...keys, key];
      if (isObject(value)) {
        if (path.length < DEEPEST_LEAF && !walk(value, path)) return false;
      } else if (isScalar(value)) {
        if (leaves.length >= most) return false;
        leaves.push({ path, value });
      }
    }
    return true;
  };
  return isObject(root) && !walk(root, []) ? null : leaves;
}
