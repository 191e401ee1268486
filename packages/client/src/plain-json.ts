import { PayloadError } from "@taskwright/shared";

type Key = string | number;

/** A value that JSON would change, and where it is. */
interface Finding {
  readonly keys: readonly Key[];
  readonly problem: string;
}

function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  // That of another realm, such as a frame, ends there too.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function find(value: unknown, keys: readonly Key[]): Finding | undefined {
  const found = (problem: string) => ({ keys, problem });
  const findEach = (entries: Iterable<readonly [Key, unknown]>) => {
    for (const [key, item] of entries) {
      const finding = find(item, [...keys, key]);
      if (finding !== undefined) return finding;
    }
    return undefined;
  };
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : found(`is ${value}, which JSON turns into null`);
    case "object":
      if (value === null) return undefined;
      if (Array.isArray(value)) return findEach(value.entries());
      return isPlain(value) && typeof (value as { toJSON?: unknown }).toJSON !== "function"
        ? // JSON leaves undefined properties out, and they read as undefined again afterwards.
          findEach(Object.entries(value).filter(([, item]) => item !== undefined))
        : found("is an instance of a class, which JSON does not keep");
    default:
      return found(`is of the type ${typeof value}, which JSON does not have`);
  }
}

function findIn(value: unknown): Finding | undefined {
  try {
    return value === undefined ? undefined : find(value, []);
  } catch {
    // Too deep for the stack, as what contains itself is.
    return { keys: [], problem: "is nested without an end, or deeper than can be sent" };
  }
}

/** Inputs of which those that are left out, of tasks without one, are as JSON has them; whatever else came is for the server. */
function listed(inputs: unknown): unknown {
  return Array.isArray(inputs) ? inputs.map((one: unknown) => one ?? null) : inputs;
}

/** Fields of a call that notice when JSON would change what they carry. */
export interface GuardedFields {
  readonly fields: object;
  /** The refusal, where something was found; undefined before the fields were written, and when they fit. */
  readonly refusal: () => PayloadError | undefined;
}

/**
 * Makes fields of an enqueue that look at its inputs when they are written as plain JSON, which changes some values without
 * a word; a transformer of tRPC's reads them as they are.
 *
 * Inputs that do not fit are not sent: the server gets a field that it refuses, and other calls of the same request pass.
 */
export function guardedFields(
  task: string,
  given: object,
  inputs: { readonly input: unknown } | { readonly inputs: readonly unknown[] },
): GuardedFields {
  let finding: Finding | undefined;
  const fields = { ...inputs, ...given };
  const toJSON = () => {
    finding = findIn("input" in inputs ? inputs.input : listed(inputs.inputs));
    return finding === undefined ? { ...fields } : { unsendable: true };
  };
  // Not enumerable, so that no transformer sees it.
  Object.defineProperty(fields, "toJSON", { value: toJSON });
  return {
    fields,
    refusal: () => {
      if (finding === undefined) return undefined;
      const { problem: message, keys } = finding;
      const [index, inside] = "input" in inputs ? [undefined, keys] : [keys[0], keys.slice(1)];
      const place = inside.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
      const at = index === undefined ? "" : `[${index}] `;
      return new PayloadError({
        message: `${at}${task}: input${place} ${message}; send what JSON can hold, or give the contract and tRPC a transformer.`,
        data: {
          task,
          side: "input",
          issues: [{ path: inside, message, code: "not_json_safe" }],
          ...(typeof index === "number" ? { index } : {}),
        },
      });
    },
  };
}
