import { isPlainObject, kindOf } from "./value-kind.ts";

/** Where what came back differs from what was sent, and how. */
export interface Difference {
  readonly keys: readonly (string | number)[];
  /** To be read after the place; names kinds and counts, never values. */
  readonly problem: string;
}

interface Comparison {
  readonly isExact: boolean;
  /** What each object of the value sent has been compared with, so that shared and circular ones are compared once. */
  readonly seen: Map<object, object>;
}

interface Finding {
  readonly keys: (string | number)[];
  readonly problem: string;
}

function found(problem: string): Finding {
  return { keys: [], problem };
}

function at(key: string | number, finding: Finding | undefined): Finding | undefined {
  finding?.keys.push(key);
  return finding;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether the class is the same; that of plain objects and arrays may be another realm's. */
function isSameClass(sent: object, back: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(sent);
  if (prototype === Object.getPrototypeOf(back)) return true;
  // Unlike that of a subclass, any realm's Array.prototype is an array itself.
  if (Array.isArray(sent)) return Array.isArray(prototype) && Array.isArray(back);
  return isPlainObject(sent) && isPlainObject(back);
}

/** Whether both are arrays, or dates, or plain objects and so on; for a schema an object of any class may be a plain one. */
function isSameKind(sent: object, back: object): boolean {
  if (Array.isArray(sent) || Array.isArray(back)) return Array.isArray(sent) && Array.isArray(back);
  if (isPlainObject(back)) return isPlainObject(sent) || contentOf(sent) === undefined;
  return Object.prototype.isPrototypeOf.call(Object.getPrototypeOf(back), sent);
}

/** What an object holds besides its properties, as a list; undefined for the classes that only their transformer knows. */
function contentOf(value: object): readonly unknown[] | undefined {
  if (value instanceof Date) return [value.getTime()];
  if (value instanceof RegExp) return [String(value)];
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return [...value];
  return Array.isArray(value) || isPlainObject(value) ? [] : undefined;
}

function compareBytes(sent: ArrayBufferView, back: ArrayBufferView, isExact: boolean): Finding | undefined {
  if (!isExact) return undefined;
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  const after = bytes(back);
  const isSame =
    sent.byteLength === back.byteLength && bytes(sent).every((byte, index) => byte === after[index]);
  return isSame ? undefined : found("comes back with other bytes");
}

function compareContents(
  sent: readonly unknown[],
  back: readonly unknown[],
  comparison: Comparison,
): Finding | undefined {
  if (comparison.isExact && sent.length !== back.length) return found("comes back with other contents");
  for (const [index, item] of sent.entries()) {
    if (index >= back.length) break;
    const finding = compare(item, back[index], comparison);
    if (finding !== undefined) return at(index, finding);
  }
  return undefined;
}

function hasSymbolKeys(value: object): boolean {
  return Object.getOwnPropertySymbols(value).some((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key),
  );
}

function keyOf(name: string, owner: object): string | number {
  return Array.isArray(owner) && /^\d+$/.test(name) ? Number(name) : name;
}

function compareProperties(sent: object, back: object, comparison: Comparison): Finding | undefined {
  const { isExact } = comparison;
  const before = sent as Readonly<Record<string, unknown>>;
  const after = back as Readonly<Record<string, unknown>>;
  if (isExact && hasSymbolKeys(sent) && !hasSymbolKeys(back))
    return found("has a symbol key, which is lost on the way");
  for (const name of Object.getOwnPropertyNames(isExact ? sent : back)) {
    if (Object.hasOwn(back, name)) {
      const finding = compare(before[name], after[name], comparison);
      if (finding !== undefined) return at(keyOf(name, sent), finding);
    } else if (before[name] !== undefined) {
      return at(keyOf(name, sent), found("is lost on the way"));
    }
  }
  return undefined;
}

function compareObjects(sent: object, back: object, comparison: Comparison): Finding | undefined {
  const { isExact } = comparison;
  const isSame = isExact ? isSameClass(sent, back) : isSameKind(sent, back);
  if (!isSame)
    return found(`comes back as ${isPlainObject(back) ? "an object" : "an instance of another class"}`);
  if (ArrayBuffer.isView(sent)) return compareBytes(sent, back as ArrayBufferView, isExact);
  const content = contentOf(back);
  if (content === undefined) return undefined;
  return (
    compareContents(contentOf(sent) ?? [], content, comparison) ?? compareProperties(sent, back, comparison)
  );
}

function compare(sent: unknown, back: unknown, comparison: Comparison): Finding | undefined {
  const { isExact, seen } = comparison;
  if (sent === back || Object.is(sent, back) || (sent === undefined && !isExact)) return undefined;
  if (typeof sent !== typeof back || isObject(sent) !== isObject(back))
    return found(`comes back as ${kindOf(back)}`);
  if (!isObject(sent) || !isObject(back)) return isExact ? found("comes back changed") : undefined;
  if (seen.get(sent) === back) return undefined;
  seen.set(sent, back);
  return compareObjects(sent, back, comparison);
}

/**
 * Finds the first place in which what came back differs from what was sent; undefined if there is none.
 *
 * With "values" any change counts but that of an undefined property into none; with "kinds" only another type or class
 * does, which leaves room for codecs that round on purpose, for what a schema strips, and for its defaults. Inside
 * instances of classes that are not the language's own nothing is compared.
 */
export function findDifference(
  sent: unknown,
  back: unknown,
  what: "values" | "kinds",
): Difference | undefined {
  const finding = compare(sent, back, { isExact: what === "values", seen: new Map() });
  return finding && { keys: finding.keys.reverse(), problem: finding.problem };
}
