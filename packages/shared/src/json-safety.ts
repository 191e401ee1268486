import { isRootPrototype } from "./value-kind.ts";

/** Why a value is not plain JSON, and where. */
export interface JsonProblem {
  /** The place, such as `input.user.tags[3]`. */
  readonly path: string;
  /** What is wrong there, to be read after the path; names kinds and lengths, never values. */
  readonly problem: string;
}

/** The most levels of arrays and objects that a payload may have. */
export const MAX_JSON_DEPTH = 512;

/** A problem on its way up; each level adds its key, so that no path is built unless there is a problem. */
interface Finding {
  readonly problem: string;
  readonly keys: (string | number)[];
}

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
const { __lookupGetter__: lookupGetter } = Object.prototype as unknown as {
  __lookupGetter__(this: object, key: PropertyKey): unknown;
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

/** The walk over one value; `ancestors` are the objects around it, kept only where a cycle is looked for. */
function findIn(value: unknown, depth: number, ancestors: object[] | undefined): Finding | undefined {
  switch (typeof value) {
    case "string": {
      const problem = stringProblem(value);
      return problem === undefined ? undefined : found(problem);
    }
    case "number": {
      const problem = numberProblem(value);
      return problem === undefined ? undefined : found(problem);
    }
    case "boolean":
      return undefined;
    case "object":
      return value === null ? undefined : findInContainer(value, depth, ancestors);
    case "bigint":
      return found(`is a bigint (send a string, ${CODEC})`);
    case "undefined":
      return found("is undefined, which JSON cannot hold");
    default:
      return found(`is a ${typeof value}, which JSON cannot hold`);
  }
}

function findInContainer(value: object, depth: number, ancestors: object[] | undefined): Finding | undefined {
  if (ancestors?.includes(value)) return found("is an object or array that contains itself");
  if (depth === MAX_JSON_DEPTH) return found(TOO_DEEP);
  ancestors?.push(value);
  const finding = Array.isArray(value)
    ? findInArray(value, depth + 1, ancestors)
    : findInObject(value as Readonly<Record<string, unknown>>, depth + 1, ancestors);
  ancestors?.pop();
  return finding;
}

function findInObject(
  value: Readonly<Record<string, unknown>>,
  depth: number,
  ancestors: object[] | undefined,
): Finding | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !isRootPrototype(prototype)) {
    return found(classProblem(prototype));
  }
  if (prototype === null && isRawJson?.(value)) return found("is raw JSON text (send a plain value)");
  const method = methodProblem(value);
  if (method !== undefined) return found(method);
  if (hasSymbolKey(value)) return found("has a symbol key, which JSON drops");
  for (const key of Object.keys(value)) {
    const problem = keyProblem(key);
    if (problem !== undefined) return foundAt(key, problem);
    if (lookupGetter.call(value, key) !== undefined) return foundAt(key, "is a getter (send its value)");
    const item = value[key];
    // JSON leaves an undefined property out, and it reads as undefined again afterwards.
    if (item === undefined) continue;
    const finding = findIn(item, depth, ancestors);
    if (finding !== undefined) {
      finding.keys.push(key);
      return finding;
    }
  }
  return undefined;
}

function findInArray(
  value: readonly unknown[],
  depth: number,
  ancestors: object[] | undefined,
): Finding | undefined {
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
    const finding = findIn(item, depth, ancestors);
    if (finding !== undefined) {
      finding.keys.push(index);
      return finding;
    }
  }
  const keys = Object.keys(value);
  return keys.length === value.length
    ? undefined
    : foundAt(keys.at(-1) ?? "length", "is a property of an array, which JSON drops");
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

function pathOf(root: string, keys: readonly (string | number)[]): string {
  if (keys.length <= MAX_PATH_KEYS) return root + keys.map(pathStep).join("");
  const half = MAX_PATH_KEYS / 2;
  return `${root}${keys.slice(0, half).map(pathStep).join("")}…${keys.slice(-half).map(pathStep).join("")}`;
}

/**
 * Finds the first thing in a value that would not come back unchanged from `JSON.parse(JSON.stringify(value))`, or that
 * no store could keep; undefined if there is none.
 *
 * Undefined properties, which JSON drops, and -0, which it stores as 0, are let pass.
 */
export function findJsonProblem(value: unknown, root: string): JsonProblem | undefined {
  let finding = findIn(value, 0, undefined);
  if (finding === undefined) return undefined;
  // A cycle shows as endless depth; only then is it worth keeping track of where the walk is.
  if (finding.problem === TOO_DEEP) finding = findIn(value, 0, []) ?? finding;
  return { path: pathOf(root, finding.keys.reverse()), problem: finding.problem };
}
