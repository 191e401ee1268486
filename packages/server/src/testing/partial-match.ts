import { isDeepStrictEqual } from "node:util";

/** What part of a value a test expects: of objects any properties, at any depth; all else as it is. */
export type PartialInput<T> = T extends readonly (infer TItem)[]
  ? readonly PartialInput<TItem>[]
  : T extends Date | RegExp | URL | Uint8Array | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: PartialInput<T[K]> | undefined }
      : T;

interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

function isAsymmetric(value: unknown): value is AsymmetricMatcher {
  return typeof (value as Partial<AsymmetricMatcher> | null)?.asymmetricMatch === "function";
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Whether a value is what is expected, where objects may have more than the expected properties.
 *
 * Arrays have the same length, undefined is also a property that is not there, and `expect.any(String)` and the like match
 * as they do elsewhere.
 */
export function matchesPartly(value: unknown, expected: unknown): boolean {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(value);
  if (Array.isArray(expected))
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((item, index) => matchesPartly(value[index], item))
    );
  if (!isPlain(expected)) return isDeepStrictEqual(value, expected);
  return (
    isPlain(value) &&
    Object.entries(expected).every(([key, item]) =>
      matchesPartly(Object.hasOwn(value, key) ? value[key] : undefined, item),
    )
  );
}
