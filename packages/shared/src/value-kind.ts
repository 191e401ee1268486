/** Says what came, for an error message: its kind and length, never the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "string":
      return `a string of length ${value.length}`;
    case "number":
      return Number.isNaN(value) ? "NaN" : "a number";
    case "object":
      return objectKind(value);
    default:
      return `a ${typeof value}`;
  }
}

function objectKind(value: object): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : "a Date";
  if (value instanceof Promise) return "a Promise (await it first)";
  return isPlainObject(value) ? "an object" : "an instance of a class";
}

/** Whether it is an object as `{}` makes it, in this realm or another, or one without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || isRootPrototype(prototype);
}

/** Whether it is some realm's Object.prototype: the end of a chain, unlike what `Object.create(null)` makes. */
export function isRootPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}
