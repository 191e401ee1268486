import { TaskError } from "./errors/task-error.ts";
import { findJsonProblem, type JsonProblem } from "./json-safety.ts";
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
  /** `exact`: decoding gives back just what was encoded, so that the original may be validated in its stead. */
  | { readonly text: string; readonly exact: boolean }
  | { readonly problem: JsonProblem; readonly cause?: unknown };

/** How payloads become text; `id` is stored beside each. */
export interface Codec {
  readonly id: string;
  /** `root` starts the path in a problem: `input` or `output`. */
  encode(value: unknown, root: string): Encoded;
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
  encode: (value, root) => {
    const problem = findJsonProblem(value, root);
    return problem === undefined ? { text: JSON.stringify(value), exact: !hasUndefined(value) } : { problem };
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
  return {
    id,
    encode: (value, root) => {
      let plain: unknown;
      try {
        plain = transformer.serialize(value);
      } catch (cause) {
        const problem = isStackOverflow(cause)
          ? "is nested too deep"
          : `was refused by the transformer ${id}`;
        return { problem: { path: root, problem }, cause };
      }
      const problem = findJsonProblem(plain, `${root} (as ${id} wrote it)`);
      return problem === undefined ? { text: JSON.stringify(plain), exact: false } : { problem };
    },
    decode: (text) => transformer.deserialize(parseJson(text)),
  };
}
