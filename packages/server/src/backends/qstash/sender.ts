import { TaskError } from "@taskwright/shared";
import { Client } from "@upstash/qstash";
import type { ResolvedQstashOptions } from "./options.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { toTaskError } from "./qstash-errors.ts";

/** What travels in one request, and how many requests at once. */
const LARGEST_BATCH = 100;
const LARGEST_BATCH_BYTES = 800_000;
const BATCHES_AT_ONCE = 4;
const LONGEST_REQUEST_MS = 20_000;
const NETWORK_RETRIES = 3;

/** What QStash made of one message. */
export type SendOutcome =
  | { readonly outcome: "sent"; readonly messageId: string; readonly isDuplicate: boolean }
  | { readonly outcome: "failed"; readonly error: TaskError };

/** Talks to QStash by the official SDK, with a limit of time, and the SDK's errors as ours. */
export class QstashSender {
  readonly #client: Client;

  constructor({ token, baseUrl }: Pick<ResolvedQstashOptions, "token" | "baseUrl">) {
    // devMode by the environment would send production's tasks to a server of this machine.
    this.#client = new Client({
      token,
      baseUrl,
      devMode: false,
      enableTelemetry: false,
      retry: { retries: NETWORK_RETRIES },
    });
  }

  /** Makes a request; rejects with a `TaskError`, BACKEND_UNAVAILABLE where nobody answers in time. */
  async ask<T>(request: (client: Client) => Promise<T>): Promise<T> {
    let stopTimer = () => {};
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => {
        const message = `QStash did not answer within ${LONGEST_REQUEST_MS / 1_000} s.`;
        reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message }));
      }, LONGEST_REQUEST_MS);
      stopTimer = () => clearTimeout(timer);
    });
    try {
      return await Promise.race([request(this.#client), late]);
    } catch (error) {
      throw toTaskError(error);
    } finally {
      stopTimer();
    }
  }

  /** Sends messages, in batches; each succeeds or fails alone, unless its whole batch did. */
  async send(messages: readonly OutgoingMessage[]): Promise<readonly SendOutcome[]> {
    const batches = divide(messages);
    const outcomes = new Array<readonly SendOutcome[]>(batches.length);
    let next = 0;
    const sendOneByOne = async () => {
      while (next < batches.length) {
        const index = next++;
        outcomes[index] = await this.#sendBatch(batches[index] ?? []);
      }
    };
    await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, sendOneByOne));
    return outcomes.flat();
  }

  async #sendBatch(batch: readonly OutgoingMessage[]): Promise<readonly SendOutcome[]> {
    try {
      const answers: unknown = await this.ask((client) => client.batch([...batch]));
      return batch.map((_, index) => readAnswer(Array.isArray(answers) ? answers[index] : undefined));
    } catch (error) {
      return batch.map(() => ({ outcome: "failed", error: toTaskError(error) }));
    }
  }
}

function divide(messages: readonly OutgoingMessage[]): readonly (readonly OutgoingMessage[])[] {
  const batches: OutgoingMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body ?? "") + 1_000;
    const last = batches.at(-1);
    if (last === undefined || last.length === LARGEST_BATCH || bytes + size > LARGEST_BATCH_BYTES) {
      batches.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return batches;
}

function readAnswer(answer: unknown): SendOutcome {
  const { messageId, deduplicated, error } = (answer ?? {}) as Partial<Record<string, unknown>>;
  if (typeof messageId === "string")
    return { outcome: "sent", messageId, isDuplicate: deduplicated === true };
  if (typeof error === "string") {
    const status = { status: 400 };
    return { outcome: "failed", error: toTaskError(Object.assign(new Error(error), status)) };
  }
  const message =
    "QStash answered a message with neither an id nor an error; it may have been taken all the same.";
  return { outcome: "failed", error: new TaskError({ code: "BACKEND_UNAVAILABLE", message }) };
}
