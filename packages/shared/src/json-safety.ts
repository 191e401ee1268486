import { isRootPrototype } from "./value-kind.ts";

/** Why a value is not plain JSON, and where. */
export interface JsonProblem {
  /** The place, such as `input.user.tags[3]`. */
  readonly path: string;
  /** The same place as keys and indices from the root, such as `["user", "tags", 3]`. */
  readonly keys: readonly (string | number)[];
  /** What is wrong there, to be read after the path; names kinds and lengths, never values. */
  readonly problem: string;
  readonly code: "not_json_safe" | "too_large";
}

/** The most levels of arrays and objects that a payload may have. */
export const MAX_JSON_DEPTH = 512;

/** A problem on its way up; each level adds its key, so that no path is built unless there is a problem. */
interface Finding {
  readonly problem: string;
  readonly keys: (string | number)[];
}

/** What is told along the walk over one value. */
interface Walk {
  /** Bytes of JSON that may still follow; what is shared or contains itself is counted wherever it is met, as JSON writes it. */
  room: number;
  /** The objects around the place, kept only where a cycle is looked for. */
  readonly ancestors: object[] | undefined;
}

const TOO_LARGE = "is too large";
const TOO_DEEP: string = `is nested deeper than ${MAX_JSON_DEPTH} levels`;
const CODEC = "or use a codec, or set a transformer such as superjson";
const BYTES = "send a base64 string, or use a codec";
const UNBOXED = "send the plain value";
const CLASS_HINTS: ReadonlyMap<string, string> = new Map([
  ["Date", `send an ISO string, ${CODEC}`],
  ["Map", `send an array of entries, ${CODEC}`],
  ["Set", `send an array, ${CODEC}`],
  ["URL", `send its href, ${CODEC}`],
  ["RegExp", `send its source, ${CODEC}`],
  ["Error", "send its name and message"],
  ["Promise", "await it first"],
  ["Blob", "store it and send its address"],
  ["ArrayBuffer", BYTES],
  ["SharedArrayBuffer", BYTES],
  ["DataView", BYTES],
  ["TypedArray", BYTES],
  ["String", UNBOXED],
  ["Number", UNBOXED],
  ["Boolean", UNBOXED],
  ["BigInt", UNBOXED],
  ["Symbol", UNBOXED],
]);

// Annex B, so in every runtime but not in TypeScript's types; five times faster on arrays than a property descriptor.
const { __lookupGetter__: lookupGetter, __lookupSetter__: lookupSetter } = Object.prototype as unknown as {
  __lookupGetter__(this: object, key: PropertyKey): unknown;
  __lookupSetter__(this: object, key: PropertyKey): unknown;
};

// JSON.rawJSON() puts text into JSON.stringify's output as it is: a number too large for JSON.parse, for one.
const { isRawJSON: isRawJson } = JSON as unknown as { isRawJSON?: (value: unknown) => boolean };

function found(problem: string): Finding {
  return { problem, keys: [] };
}

function foundAt(key: string | number, problem: string): Finding {
  return { problem, keys: [key] };
}

function stringProblem(text: string): string | undefined {
  if (!text.isWellFormed())
    return `is a string of length ${text.length} with a lone surrogate (half of a UTF-16 pair)`;
  if (text.includes("\0")) return `is a string of length ${text.length} with a NUL character`;
  return undefined;
}

function keyProblem(key: string): string | undefined {
  if (key === "__proto__") return "is a key that JavaScript gives a meaning of its own";
  if (!key.isWellFormed()) return "has a lone surrogate (half of a UTF-16 pair) in its key";
  if (key.includes("\0")) return "has a NUL character in its key";
  return undefined;
}

function numberProblem(value: number): string | undefined {
  if (Number.isFinite(value)) return undefined;
  return `is ${Number.isNaN(value) ? "NaN" : "infinite"}, which JSON turns into null`;
}

function classNameOf(prototype: object): string {
  const owner: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof owner !== "function") return "";
  const name: unknown = Object.getOwnPropertyDescriptor(owner, "name")?.value;
  return typeof name === "string" ? name.slice(0, 60) : "";
}

function classProblem(prototype: object): string {
  const name = classNameOf(prototype);
  let hint = "send plain data, or use a codec";
  for (
    let ancestor: object | null = prototype;
    ancestor !== null;
    ancestor = Object.getPrototypeOf(ancestor)
  ) {
    const known = CLASS_HINTS.get(classNameOf(ancestor));
    if (known === undefined) continue;
    hint = known;
    break;
  }
  return `is ${name === "" ? "an object with a prototype of its own" : `an instance of the class ${name}`} (${hint})`;
}

/** Whether it is the Array.prototype of another realm: unlike that of a subclass, it is an array itself. */
function isForeignArrayPrototype(prototype: object | null): boolean {
  return Array.isArray(prototype) && isRootPrototype(Object.getPrototypeOf(prototype));
}

function methodProblem(value: object): string | undefined {
  // JSON.stringify calls toJSON wherever it comes from, even from a polluted Object.prototype.
  if (lookupGetter.call(value, "toJSON") !== undefined)
    return "has a toJSON getter, which changes what is sent";
  if (typeof (value as { toJSON?: unknown }).toJSON === "function")
    return "has a toJSON method, which changes what is sent";
  return undefined;
}

function hasSymbolKey(value: object): boolean {
  const symbols = Object.getOwnPropertySymbols(value);
  return (
    symbols.length > 0 && symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol))
  );
}

function findIn(value: unknown, depth: number, walk: Walk): Finding | undefined {
  switch (typeof value) {
    case "string": {
      walk.room -= value.length + 2;
      if (walk.room < 0) return found(TOO_LARGE);
      const problem = stringProblem(value);
      return problem === undefined ? undefined : found(problem);
    }
    case "number": {
      walk.room--;
      const problem = numberProblem(value);
      return problem === undefined ? undefined : found(problem);
    }
    case "boolean":
      walk.room -= 4;
      return undefined;
    case "object":
      if (value !== null) return findInContainer(value, depth, walk);
      walk.room -= 4;
      return undefined;
    case "bigint":
      return found(`is a bigint (send a string, ${CODEC})`);
    case "undefined":
      return found("is undefined, which JSON cannot hold");
    default:
      return found(`is a ${typeof value}, which JSON cannot hold`);
  }
}

function findInContainer(value: object, depth: number, walk: Walk): Finding | undefined {
  const { ancestors } = walk;
  if (ancestors?.includes(value)) return found("is an object or array that contains itself");
  if (depth === MAX_JSON_DEPTH) return found(TOO_DEEP);
  walk.room -= 2;
  if (walk.room < 0) return found(TOO_LARGE);
  ancestors?.push(value);
  const finding = Array.isArray(value)
    ? findInArray(value, depth + 1, walk)
    : findInObject(value as Readonly<Record<string, unknown>>, depth + 1, walk);
  ancestors?.pop();
  return finding;
}

function findInObject(
  value: Readonly<Record<string, unknown>>,
  depth: number,
  walk: Walk,
): Finding | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !isRootPrototype(prototype)) {
    return found(classProblem(prototype));
  }
  if (prototype === null && isRawJson?.(value)) return found("is raw JSON text (send a plain value)");
  const method = methodProblem(value);
  if (method !== undefined) return found(method);
  if (hasSymbolKey(value)) return found("has a symbol key, which JSON drops");
  const keys = Object.keys(value);
  const names = Object.getOwnPropertyNames(value);
  if (names.length !== keys.length) return hiddenIn(names, keys);
  for (const key of keys) {
    const problem = keyProblem(key);
    if (problem !== undefined) return foundAt(key, problem);
    if (lookupGetter.call(value, key) !== undefined) return foundAt(key, "is a getter (send its value)");
    const item = value[key];
    if (item === undefined) {
      if (lookupSetter.call(value, key) !== undefined)
        return foundAt(key, "is a setter without a getter (send a value)");
      // JSON leaves an undefined property out, and it reads as undefined again afterwards.
      continue;
    }
    walk.room -= key.length + 3;
    const finding = findIn(item, depth, walk);
    if (finding !== undefined) {
      finding.keys.push(key);
      return finding;
    }
  }
  return undefined;
}

function hiddenIn(names: readonly string[], enumerable: readonly string[]): Finding {
  const known = new Set(enumerable);
  const hidden = names.find((name) => !known.has(name)) ?? "";
  return foundAt(hidden, "is not enumerable, so that JSON leaves it out");
}

function findInArray(value: readonly unknown[], depth: number, walk: Walk): Finding | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== Array.prototype && !isForeignArrayPrototype(prototype)) {
    return found(prototype === null ? "is an array without a prototype" : classProblem(prototype));
  }
  const method = methodProblem(value);
  if (method !== undefined) return found(method);
  if (hasSymbolKey(value)) return found("has a symbol key, which JSON drops");
  for (let index = 0; index < value.length; index++) {
    if (lookupGetter.call(value, index) !== undefined) return foundAt(index, "is a getter (send its value)");
    const item = value[index];
    if (item === undefined) {
      const what = Object.hasOwn(value, index) ? "undefined" : "a hole";
      return foundAt(index, `is ${what} in an array, which JSON turns into null`);
    }
    const finding = findIn(item, depth, walk);
    if (finding !== undefined) {
      finding.keys.push(index);
      return finding;
    }
  }
  const names = Object.getOwnPropertyNames(value);
  // One for each element, and "length" behind them.
  return names.length === value.length + 1
    ? undefined
    : foundAt(
        names.find((name, index) => name !== String(index) && name !== "length") ?? "length",
        "is a property of an array, which JSON drops",
      );
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const MAX_KEY_LENGTH = 40;
const MAX_PATH_KEYS = 16;

/** Writes a key as a path does: `.name`, `["odd name"]` or `[0]`; long names are cut. */
export function pathStep(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  const shown = key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key;
  return IDENTIFIER.test(key) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
}

/** Writes a place as a path does, such as `input.user.tags[3]`; of many keys it leaves out those in the middle. */
export function pathOf(root: string, keys: readonly (string | number)[]): string {
  if (keys.length <= MAX_PATH_KEYS) return root + keys.map(pathStep).join("");
  const half = MAX_PATH_KEYS / 2;
  return `${root}${keys.slice(0, half).map(pathStep).join("")}…${keys.slice(-half).map(pathStep).join("")}`;
}

/**
 * Finds the first thing in a value that would not come back unchanged from `JSON.parse(JSON.stringify(value))`, or that
 * no store could keep; undefined if there is none.
 *
 * Undefined properties, which JSON drops, and -0, which it stores as 0, are let pass. A value whose JSON has more than
 * `maxBytes` is too large where the walk can tell; it stops there, as JSON repeats what a value only refers to again.
 */
export function findJsonProblem(
  value: unknown,
  root: string,
  maxBytes: number = Number.POSITIVE_INFINITY,
): JsonProblem | undefined {
  const walk: Walk = { room: maxBytes, ancestors: undefined };
  let finding = findIn(value, 0, walk);
  if (finding === undefined) {
    if (walk.room >= 0) return undefined;
    finding = found(TOO_LARGE);
  }
  // A cycle shows as endless depth or size; only then is it worth keeping track of where the walk is.
  if (finding.problem === TOO_DEEP || finding.problem === TOO_LARGE)
    finding = findIn(value, 0, { room: maxBytes, ancestors: [] }) ?? finding;
  const { problem } = finding;
  if (problem === TOO_LARGE)
    return { path: root, keys: [], problem: `has more than ${maxBytes} bytes as JSON`, code: "too_large" };
  const keys = finding.keys.reverse();
  return { path: pathOf(root, keys), keys, problem, code: "not_json_safe" };
}
