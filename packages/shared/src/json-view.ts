/**
 * A copy of any value that `JSON.stringify` can write, for people and tools to read.
 *
 * What JSON has no word for is written as its nearest: a bigint as a string of digits, a Map as an array of entries, a
 * Set as an array, an object that contains itself as "[circular]".
 */
export function jsonView(value: unknown): unknown {
  return view(value, []);
}

function view(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.includes(value)) return "[circular]";
  return objectView(value, [...ancestors, value]);
}

function objectView(value: object, ancestors: readonly object[]): unknown {
  const inner = (item: unknown) => view(item, ancestors);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) return Array.from(value, ([key, item]) => [inner(key), inner(item)]);
  if (value instanceof Set || ArrayBuffer.isView(value)) return Array.from(value as Set<unknown>, inner);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof RegExp) return String(value);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return inner((value as Date).toJSON());
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item)]));
}
