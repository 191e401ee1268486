import { TaskError } from "./errors/task-error.ts";
import { WebhookError } from "./errors/webhook-error.ts";
import { MAX_PATH_LENGTH } from "./task-path.ts";
import { isPlainObject, kindOf } from "./value-kind.ts";

const MAX_ID_LENGTH = 200;
const MAX_CODEC_LENGTH = 40;

/** The version of the envelope that this package writes. */
export const ENVELOPE_VERSION = 1;

/** What travels to a worker that is pushed to: which task, which task result, and the encoded input. */
export interface WireEnvelope {
  readonly id: string;
  readonly path: string;
  /** The id of the codec that wrote `input`. */
  readonly codec: string;
  /** Encoded input; null when the task has none. */
  readonly input: string | null;
}

/** Writes an envelope as JSON text. */
export function encodeEnvelope(envelope: WireEnvelope): string {
  const { id, path, codec, input } = envelope;
  return JSON.stringify({ v: ENVELOPE_VERSION, id, path, codec, input });
}

function refuse(reason: string): WebhookError {
  return new WebhookError({ message: `This is no Taskwright message: ${reason}.` });
}

function parse(text: unknown): unknown {
  if (typeof text !== "string") throw refuse(`it must be a string of JSON; got ${kindOf(text)}`);
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: the message of a SyntaxError quotes the text.
    throw refuse(`it must be JSON; got ${kindOf(text)} that is not`);
  }
}

function checkVersion(version: unknown): void {
  if (version === ENVELOPE_VERSION) return;
  // While a deploy rolls out, old processes are sent what new ones wrote; the sender is to come back, not to give up.
  if (Number.isInteger(version) && (version as number) > ENVELOPE_VERSION) {
    throw new TaskError({
      code: "UPDATE_REQUIRED",
      message: `This message is of version ${version}, and this process reads version ${ENVELOPE_VERSION}: update Taskwright here, or send it to a process that is up to date.`,
      data: { version, readable: ENVELOPE_VERSION },
    });
  }
  throw refuse(`its version, v, must be ${ENVELOPE_VERSION}; got ${kindOf(version)}`);
}

function readName(value: unknown, name: string, longest: number): string {
  if (typeof value !== "string" || value.length < 1 || value.length > longest)
    throw refuse(`its ${name} must be a string of 1 to ${longest} characters; got ${kindOf(value)}`);
  return readText(value, name);
}

/** Refuses what no store can keep. */
function readText(value: string, name: string): string {
  if (value.isWellFormed() && !value.includes("\0")) return value;
  throw refuse(`its ${name} has a NUL character or a lone surrogate (half of a UTF-16 pair)`);
}

/** Reads an envelope; throws UPDATE_REQUIRED for one of a newer version, and WEBHOOK_ERROR for anything else. */
export function decodeEnvelope(text: string): WireEnvelope {
  const value = parse(text);
  if (!isPlainObject(value)) throw refuse(`it must be a JSON object; got ${kindOf(value)}`);
  const { v, id, path, codec, input } = value;
  checkVersion(v);
  if (typeof input !== "string" && input !== null)
    throw refuse(`its input must be a string or null; got ${kindOf(input)}`);
  return {
    id: readName(id, "id", MAX_ID_LENGTH),
    path: readName(path, "path", MAX_PATH_LENGTH),
    codec: readName(codec, "codec", MAX_CODEC_LENGTH),
    input: input === null ? null : readText(input, "input"),
  };
}
