import type { QstashClock } from "./clock.ts";
import type { SigningKeys } from "./dev-credentials.ts";
import type { DeliveryAnswer, MessageRecord } from "./message-record.ts";
import { properCase } from "./message-view.ts";
import { newId } from "./new-id.ts";
import { sign } from "./signature.ts";

/** Sends one request, as `fetch` does. */
export type Deliver = (request: Request) => Promise<Response> | Response;

/** What the courier works with. */
export interface CourierParts {
  readonly deliver: Deliver;
  readonly clock: QstashClock;
  /** Epoch milliseconds of the clock that receivers check signatures by. */
  readonly signingTime: () => number;
  readonly keys: () => SigningKeys;
  readonly region: string;
  /** How long an endpoint may take where the message does not say. */
  readonly timeoutMs: number;
  /** How much of an answer is read. */
  readonly mostBytes: number;
}

/** Headers that belong to one connection or are made anew. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "upstash-signature",
]);
const BODILESS: readonly string[] = ["GET", "HEAD"];

function headersOf(message: MessageRecord, signature: string, region: string): Headers {
  const headers = new Headers();
  for (const [name, value] of message.options.headers) {
    if (!OWN_HEADERS.has(name)) headers.append(name, value);
  }
  headers.set("user-agent", "Upstash-QStash");
  headers.set("upstash-signature", signature);
  headers.set("upstash-message-id", message.id);
  headers.set("upstash-retried", String(message.retried));
  headers.set("upstash-caller-ip", message.callerIp);
  headers.set("upstash-region", region);
  if (message.scheduleId !== null) headers.set("upstash-schedule-id", message.scheduleId);
  if (message.topicName !== null) headers.set("upstash-topic-name", message.topicName);
  return headers;
}

/** `https://user:password@host` cannot be fetched: both go into a header. */
function withoutCredentials(url: string, headers: Headers): string {
  const parsed = new URL(url);
  if (parsed.username === "" && parsed.password === "") return url;
  const credentials = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  headers.set("authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}

function answerHeaders(headers: Headers): Record<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const values = all.get(properCase(name)) ?? [];
    values.push(value);
    all.set(properCase(name), values);
  }
  return Object.fromEntries(all);
}

async function firstBytes(response: Response, most: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined && length < most) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  // What is left is of no interest, and neither is how its stream ends.
  if (length >= most) void reader?.cancel().catch(() => undefined);
  return Buffer.concat(parts).subarray(0, most);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "the request failed";
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}

/** Signs messages and brings them to their endpoints. */
export class Courier {
  readonly #parts: CourierParts;
  readonly #onTheirWay = new Set<AbortController>();

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** One attempt, in bounded time; an answer or the reason why there is none, and never a rejection. */
  async send(message: MessageRecord): Promise<DeliveryAnswer> {
    const { clock, timeoutMs } = this.#parts;
    const limit = message.options.timeoutMs ?? timeoutMs;
    const stop = new AbortController();
    this.#onTheirWay.add(stop);
    const cancelTimer = clock.setTimer(limit, () =>
      stop.abort(new Error(`no answer within ${limit / 1_000} s`)),
    );
    // An endpoint that does not listen to the signal is not waited for either.
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
    });
    try {
      return await Promise.race([this.#exchange(message, stop.signal), stopped]);
    } catch (error) {
      return {
        status: null,
        headers: {},
        body: "",
        error: reasonOf(stop.signal.aborted ? stop.signal.reason : error),
      };
    } finally {
      cancelTimer();
      this.#onTheirWay.delete(stop);
    }
  }

  /** Ends all requests that are on their way. */
  close(): void {
    for (const stop of this.#onTheirWay) stop.abort(new Error("the server was closed"));
  }

  async #exchange(message: MessageRecord, signal: AbortSignal): Promise<DeliveryAnswer> {
    const { deliver, keys, region, signingTime, mostBytes } = this.#parts;
    const { method } = message.options;
    const body = BODILESS.includes(method) ? new Uint8Array() : Buffer.from(message.body, "base64");
    const signature = sign({ url: message.url, body, at: signingTime(), id: newId("jwt_") }, keys().current);
    const headers = headersOf(message, signature, region);
    const request = new Request(withoutCredentials(message.url, headers), {
      method,
      headers,
      redirect: "manual",
      signal,
      ...(BODILESS.includes(method) ? {} : { body }),
    });
    const response = await deliver(request);
    const bytes = await firstBytes(response, mostBytes);
    return {
      status: response.status,
      headers: answerHeaders(response.headers),
      body: bytes.toString("base64"),
      error: null,
    };
  }
}
