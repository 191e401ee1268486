import { TaskError } from "./errors/task-error.ts";
import { findJsonProblem, type JsonProblem, pathOf } from "./json-safety.ts";
import { findDifference } from "./round-trip.ts";
import { isStackOverflow } from "./stack-overflow.ts";
import { kindOf } from "./value-kind.ts";

/** What turns values into JSON-safe ones and back; superjson is one, and so is tRPC's data transformer. */
export interface Transformer {
  /** Stored with each task result; needed for every transformer but superjson. */
  readonly id?: string;
  serialize(value: unknown): unknown;
  deserialize(value: unknown): unknown;
}

/** Text that a codec wrote, or why it could not. */
export type Encoded =
  /** `stored`: what decoding the text gives; `exact`: it is the very value that was encoded. */
  | { readonly text: string; readonly stored: unknown; readonly exact: boolean }
  | { readonly problem: JsonProblem; readonly cause?: unknown };

/** How payloads become text; `id` is stored beside each. */
export interface Codec {
  readonly id: string;
  /**
   * `root` starts the path in a problem: `input` or `output`. A value that needs more than `maxBytes` may be refused as
   * too large before all of it is written, and the text may be larger all the same.
   */
  encode(value: unknown, root: string, maxBytes?: number): Encoded;
  /** Throws for text that no encode wrote. */
  decode(text: string): unknown;
}

/** Whether there is an undefined property, which JSON leaves out; a schema can tell the two apart. */
function hasUndefined(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === undefined;
  if (Array.isArray(value)) return value.some(hasUndefined);
  for (const key in value) {
    if (hasUndefined((value as Readonly<Record<string, unknown>>)[key])) return true;
  }
  return false;
}

/** Parses JSON, refusing what no codec here writes: a `__proto__` key is not data but an attempt on the reader. */
function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Spelled out or with escapes; the walk is for the rare text in which either is found.
  if (!text.includes("__proto__") && !text.includes("\\u00")) return value;
  const problem = findJsonProblem(value, "");
  if (problem === undefined) return value;
  throw new TypeError(`The text is JSON that no codec writes: ${problem.path} ${problem.problem}.`);
}

/** Plain JSON, refusing every value that JSON would change. */
export const jsonCodec: Codec = {
  id: "json",
  encode: (value, root, maxBytes) => {
    const problem = findJsonProblem(value, root, maxBytes);
    if (problem !== undefined) return { problem };
    const text = JSON.stringify(value);
    const exact = !hasUndefined(value);
    return { text, exact, stored: exact ? value : JSON.parse(text) };
  },
  decode: parseJson,
};

function transformerId(transformer: Transformer): string {
  if (typeof transformer.id === "string" && /^[a-z][a-z0-9./_-]{0,39}$/.test(transformer.id))
    return transformer.id;
  if (transformer.id === undefined && "registerCustom" in transformer && "allowErrorProps" in transformer)
    return "superjson";
  throw new TaskError({
    code: "INVALID_OPTION",
    message:
      'A transformer other than superjson needs an id of 1 to 40 of a-z, 0-9, ".", "/", "_" and "-", such as "devalue/5": ' +
      "it is stored with each task result, so that it can be read back later.",
    data: { option: "transformer" },
  });
}

/** Makes a codec of a transformer; what the transformer gives must itself be JSON-safe. */
export function transformerCodec(transformer: Transformer): Codec {
  if (typeof transformer?.serialize !== "function" || typeof transformer.deserialize !== "function") {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: `transformer must have serialize and deserialize functions, as superjson has; got ${kindOf(transformer)}.`,
      data: { option: "transformer" },
    });
  }
  const id = transformerId(transformer);
  if (id === jsonCodec.id) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: 'A transformer cannot have the id "json", which plain JSON has.',
      data: { option: "transformer" },
    });
  }
  const fault = (root: string, cause: unknown, problem: string): Encoded => ({
    problem: {
      path: root,
      keys: [],
      problem: isStackOverflow(cause) ? "is nested too deep" : problem,
      code: "not_json_safe",
    },
    cause,
  });
  const decode = (text: string) => transformer.deserialize(parseJson(text));
  return {
    id,
    encode: (value, root, maxBytes) => {
      let plain: unknown;
      try {
        plain = transformer.serialize(value);
      } catch (cause) {
        return fault(root, cause, `was refused by the transformer ${id}`);
      }
      const problem = findJsonProblem(plain, `${root} (as ${id} wrote it)`, maxBytes);
      // The keys are those of what the transformer made of the value.
      if (problem !== undefined) return { problem: { ...problem, keys: [] } };
      const text = JSON.stringify(plain);
      try {
        const stored = decode(text);
        const difference = findDifference(value, stored, "values");
        if (difference === undefined) return { text, stored, exact: false };
        const { keys } = difference;
        const lost = `${difference.problem} (through the transformer ${id}; send it in another form)`;
        return { problem: { path: pathOf(root, keys), keys, problem: lost, code: "not_json_safe" } };
      } catch (cause) {
        return fault(root, cause, `cannot be read back by the transformer ${id}`);
      }
    },
    decode,
  };
}
