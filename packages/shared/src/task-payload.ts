import * as z from "zod/v4/core";
import { mayChangeOption } from "./ambiguous-union.ts";
import { mayBeAsynchronous } from "./asynchronous-schema.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Codec, jsonCodec } from "./codec.ts";
import { PayloadError, type PayloadIssue } from "./errors/task-error.ts";
import { pathOf } from "./json-safety.ts";
import { checkOutputSchema } from "./output-schema.ts";
import { issuesSummary, payloadIssues } from "./payload-issues.ts";
import { isLargerThan, MAX_PAYLOAD_BYTES, utf8Length } from "./payload-size.ts";
import { quoted } from "./quoted-name.ts";
import { findDifference } from "./round-trip.ts";
import { isStackOverflow } from "./stack-overflow.ts";
import type { TaskDefinition } from "./task-definition.ts";

type Side = "input" | "output";

/** A payload that is larger than its limit is measured up to so many times the limit, so that its error says by how much. */
const MOST_TIMES_TOO_LARGE = 4;

/** One direction through a schema: from the stored form (decode) or to it (encode). */
interface Direction {
  readonly sync: (schema: z.$ZodType, value: unknown) => z.util.SafeParseResult<unknown>;
  readonly async: (schema: z.$ZodType, value: unknown) => Promise<z.util.SafeParseResult<unknown>>;
}

const DECODE: Direction = { sync: z.safeParse, async: z.safeParseAsync };
const ENCODE: Direction = { sync: z.safeEncode, async: z.safeEncodeAsync };

function then<A, B>(value: A | Promise<A>, next: (value: A) => B | Promise<B>): B | Promise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/**
 * A task's payloads: checks inputs and outputs by their schemas and turns them into text and back.
 *
 * Each method is synchronous unless the schema has code of the user's, such as a refinement, that may be asynchronous.
 */
export class TaskPayload {
  readonly path: string;
  readonly codec: Codec;
  readonly #definition: TaskDefinition;
  readonly #maxBytes: number;
  readonly #asynchronous = new Map<z.$ZodType, boolean>();
  #ambiguous: boolean | undefined;

  constructor(path: string, definition: TaskDefinition, maxBytes: number = MAX_PAYLOAD_BYTES) {
    if (definition.output !== null) checkOutputSchema(definition.output, path);
    this.path = path;
    this.codec = definition.config.codec;
    this.#definition = definition;
    this.#maxBytes = maxBytes;
  }

  /** Whether the task has an input. */
  get takesInput(): boolean {
    return this.#definition.input !== null;
  }

  /** Checks an input and gives its stored form; null for a task without input. Throws PayloadError. */
  encodeInput(value: unknown): string | null | Promise<string | null> {
    const schema = this.#definition.input;
    if (schema === null) return this.#refuseValue(value, "input");
    if (value === undefined) {
      // JSON has no undefined: an input that may be left out is stored as nothing and parsed from nothing.
      return then(this.#run(schema, undefined, "input", DECODE), () => null);
    }
    const { text, stored } = this.#encode(value, "input", this.codec);
    return then(this.#run(schema, stored, "input", DECODE), () => text);
  }

  /** Reads a stored input and gives what the handler gets. Throws PayloadError. */
  decodeInput(text: string | null, codecId: string): unknown {
    const schema = this.#definition.input;
    // An output goes into the codec of its input: better refused now than after the handler has run.
    if (text === null && this.#definition.output !== null) this.#codecOf(codecId, "output");
    if (schema === null) return text === null ? undefined : this.#refuseValue(text, "input");
    return this.#run(schema, this.readInput(text, codecId), "input", DECODE);
  }

  /** Reads a stored input as the caller gave it, unparsed. Throws PayloadError. */
  readInput(text: string | null, codecId: string): unknown {
    return text === null ? undefined : this.#decode(text, codecId, "input");
  }

  /**
   * Checks what a handler returned and gives its stored form; null for a task without output. Throws PayloadError.
   *
   * `codecId` is that of the task result it is stored with, which may be older than the contract's codec.
   */
  encodeOutput(value: unknown, codecId: string = this.codec.id): string | null | Promise<string | null> {
    const schema = this.#definition.output;
    if (schema === null) return null;
    const codec = this.#codecOf(codecId, "output");
    return then(this.#run(schema, value, "output", ENCODE), (encoded) => {
      if (encoded === undefined) return null;
      const { text, exact, stored } = this.#encode(encoded, "output", codec);
      const isAmbiguous = this.#isAmbiguous(schema);
      if (exact && !isAmbiguous) return text;
      // What cannot be read back must fail here, not in the hands of whoever waits for it.
      return then(this.#run(schema, stored, "output", DECODE), (decoded) => {
        if (isAmbiguous) this.#checkSameKind(value, decoded);
        return text;
      });
    });
  }

  /** Reads a stored output and gives what the handler returned. Throws PayloadError. */
  decodeOutput(text: string | null, codecId: string): unknown {
    const schema = this.#definition.output;
    if (schema === null) return undefined;
    const stored = text === null ? undefined : this.#decode(text, codecId, "output");
    return this.#run(schema, stored, "output", DECODE);
  }

  /** Reads a stored output as it is stored, undecoded. Throws PayloadError. */
  readOutput(text: string | null, codecId: string): unknown {
    return text === null ? undefined : this.#decode(text, codecId, "output");
  }

  /** The same text for equal inputs, whatever the order of their keys; for content hashes. */
  canonicalInput(text: string | null): string {
    return text === null ? "" : canonicalJson(JSON.parse(text));
  }

  #refuseValue(value: unknown, side: Side): null {
    if (value === undefined) return null;
    throw this.#error(side, `${this.path} has no ${side}, but one was given.`, [
      { path: [], message: `expected no ${side}`, code: "unrecognized_keys" },
    ]);
  }

  #error(side: Side, message: string, issues: readonly PayloadIssue[], cause?: unknown): PayloadError {
    return new PayloadError({ message, data: { task: this.path, side, issues }, cause });
  }

  #encode(
    value: unknown,
    side: Side,
    codec: Codec,
  ): { readonly text: string; readonly stored: unknown; readonly exact: boolean } {
    const encoded = codec.encode(value, side, this.#maxBytes * MOST_TIMES_TOO_LARGE);
    if (!("problem" in encoded)) {
      if (isLargerThan(encoded.text, this.#maxBytes)) throw this.#tooLarge(side, utf8Length(encoded.text));
      return encoded;
    }
    const { path, keys, problem, code } = encoded.problem;
    if (code === "too_large") throw this.#tooLarge(side, undefined);
    const issue = { path: keys, message: problem, code };
    throw this.#error(side, `${this.path}: ${path} ${problem}.`, [issue], encoded.cause);
  }

  #tooLarge(side: Side, bytes: number | undefined): PayloadError {
    const size = bytes ?? `more than ${this.#maxBytes * MOST_TIMES_TOO_LARGE}`;
    const message =
      `the encoded ${side} may have ${this.#maxBytes} bytes and has ${size}; ` +
      "store large data elsewhere and pass its address, or raise maxPayloadBytes";
    return this.#error(side, `${this.path}: ${message}.`, [{ path: [], message, code: "too_large" }]);
  }

  #codecOf(codecId: string, side: Side): Codec {
    if (codecId === this.codec.id) return this.codec;
    // A contract that has gained a transformer still reads what was stored as plain JSON.
    if (codecId === jsonCodec.id) return jsonCodec;
    const message = `the ${side} was written by the codec ${quoted(codecId)}, and this contract has ${quoted(this.codec.id)}`;
    throw this.#error(side, `${this.path}: ${message}; set the transformer that wrote it.`, [
      { path: [], message, code: "unknown_codec" },
    ]);
  }

  #decode(text: string, codecId: string, side: Side): unknown {
    const codec = this.#codecOf(codecId, side);
    try {
      return codec.decode(text);
    } catch (error) {
      const message = `the stored ${side}, of ${text.length} characters, cannot be read by the codec ${quoted(codecId)}`;
      // The message of a SyntaxError quotes the text.
      const cause = error instanceof SyntaxError ? undefined : error;
      throw this.#error(
        side,
        `${this.path}: ${message}.`,
        [{ path: [], message, code: "unreadable" }],
        cause,
      );
    }
  }

  #run(schema: z.$ZodType, value: unknown, side: Side, direction: Direction): unknown {
    let result: z.util.SafeParseResult<unknown>;
    try {
      if (this.#isAsynchronous(schema)) return this.#wait(direction.async(schema, value), side);
      result = direction.sync(schema, value);
    } catch (error) {
      throw this.#schemaFault(error, side);
    }
    return this.#dataOf(result, side);
  }

  async #wait(running: Promise<z.util.SafeParseResult<unknown>>, side: Side): Promise<unknown> {
    let result: z.util.SafeParseResult<unknown>;
    try {
      result = await running;
    } catch (error) {
      throw this.#schemaFault(error, side);
    }
    return this.#dataOf(result, side);
  }

  #isAsynchronous(schema: z.$ZodType): boolean {
    let known = this.#asynchronous.get(schema);
    if (known === undefined) {
      known = mayBeAsynchronous(schema);
      this.#asynchronous.set(schema, known);
    }
    return known;
  }

  #isAmbiguous(schema: z.$ZodType): boolean {
    this.#ambiguous ??= mayChangeOption(schema);
    return this.#ambiguous;
  }

  /** Refuses an output that was stored by one option of a union and is read by another. */
  #checkSameKind(returned: unknown, decoded: unknown): void {
    const difference = findDifference(returned, decoded, "kinds");
    if (difference === undefined) return;
    const { keys, problem } = difference;
    const message = `${problem}, as two options of a union take what is stored; use z.discriminatedUnion(), or options that cannot be taken for each other`;
    throw this.#error("output", `${this.path}: ${pathOf("output", keys)} ${message}.`, [
      { path: keys, message, code: "ambiguous_union" },
    ]);
  }

  #dataOf(result: z.util.SafeParseResult<unknown>, side: Side): unknown {
    if (result.success) return result.data;
    const { error } = result;
    throw this.#error(side, `${this.path}: ${issuesSummary(side, error)}`, payloadIssues(error));
  }

  /** What a schema's own code threw, as an error of this library; its message may contain the value, so it is the cause. */
  #schemaFault(error: unknown, side: Side): PayloadError {
    const message = isStackOverflow(error)
      ? `the ${side} is nested too deep for its schema`
      : `the schema of the ${side} threw an error of its own (see the cause); report a bad value with ctx.addIssue() instead`;
    return this.#error(side, `${this.path}: ${message}.`, [{ path: [], message, code: "custom" }], error);
  }
}
