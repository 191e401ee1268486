/** What a leaf of an input holds. */
export type InputScalar = string | number | boolean | null;

/**
 * A condition on one scalar leaf of inputs; only an input that has a scalar there can fulfil it.
 *
 * Strings are compared exactly, and by UTF-16 code units where order matters; numbers as JavaScript's. A value is never
 * equal to, before or after one of another type. Leaves are found in what the codec wrote: for `superjson` in the `json`
 * of its envelope, for any other in the JSON as it stands.
 */
export type InputCondition = {
  /** The keys of objects that lead to the leaf, 1 to 3; arrays are not entered. */
  readonly path: readonly string[];
} & (
  | { readonly operator: "equals" | "not"; readonly value: InputScalar }
  | { readonly operator: "in"; readonly value: readonly InputScalar[] }
  | { readonly operator: "lt" | "lte" | "gt" | "gte"; readonly value: number | string }
  | { readonly operator: "contains" | "startsWith"; readonly value: string }
);
