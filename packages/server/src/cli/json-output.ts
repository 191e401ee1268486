import type { CliIo } from "./cli-io.ts";

/** Turns what JSON has no word for into what comes nearest, and breaks cycles. */
function jsonReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  const ancestors: unknown[] = [];
  return function (this: unknown, _key: string, value: unknown): unknown {
    if (typeof value === "bigint") return value.toString();
    if (typeof value !== "object" || value === null) return value;
    while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop();
    if (ancestors.includes(value)) return "[circular]";
    ancestors.push(value);
    if (value instanceof Map || value instanceof Set) {
      const list = [...value];
      ancestors.push(list);
      return list;
    }
    if (value instanceof Error) return { name: value.name, message: value.message };
    if (value instanceof RegExp) return String(value);
    return value;
  };
}

/**
 * A value as JSON text, whatever it is: bigints become strings, Maps arrays of pairs, Sets arrays, undefined null.
 *
 * @param indent 0 for one line
 */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value ?? null, jsonReplacer(), indent);
}

/** Prints one JSON document. */
export function printJson(io: CliIo, value: unknown): void {
  io.stdout.write(`${jsonText(value, 2)}\n`);
}
