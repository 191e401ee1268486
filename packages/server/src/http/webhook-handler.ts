import { checkOptionNames, type Duration, durationToMs, isTaskError, TaskError } from "@taskwright/shared";
import { endsWithin } from "../core/bounded-answer.ts";
import { Deliveries } from "../core/deliver.ts";
import type { DeliveryAnswer } from "../core/delivery-answer.ts";
import type { Engine } from "../core/engine.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { recoverDeadLetters } from "../core/recover-dead-letters.ts";
import { RunNow } from "../core/run-now.ts";
import { sweep } from "../core/upkeep.ts";
import type { AnyTaskServer } from "../create-task-server.ts";
import { errorResponse, jsonResponse } from "./json-response.ts";
import { BodyRefused, readBody } from "./read-body.ts";

/** What {@link createWebhookHandler} takes. */
export interface WebhookOptions {
  /** The server's backend whose deliveries it takes. @default the one that delivers */
  readonly backend?: string;
  /**
   * How long your host lets a request take: an attempt is told to stop a little before, and retried.
   *
   * @default no limit but the task's timeout
   */
  readonly maxDuration?: Duration;
  /** The largest body in bytes. @default 2097152 */
  readonly maxBodyBytes?: number;
}

/** Takes a request to the webhook, with its body unread, and answers it; it never rejects. */
export type WebhookHandler = (request: Request) => Promise<Response>;

const DEFAULT_MAX_BODY_BYTES = 2 * 1024 * 1024;
const BODY_TIMEOUT_MS = 10_000;
/** What the end of an attempt takes after its signal has aborted: the handler's grace, and the way into the store. */
const ENDING_MS = 7_000;
const SHORTEST_ATTEMPT_MS = 1_000;
/** How often, and for how long, a delivery brings outboxes' tasks along. */
const RELAY_EVERY_MS = 5_000;
const RECOVER_EVERY_MS = 300_000;
const LONGEST_RELAY_MS = 2_000;
const NON_RETRYABLE = 489;
/** When to come again while the store is away: the first time, and how many times as long with each delivery. */
const UNAVAILABLE_S = 30;
const UNAVAILABLE_GROWTH = 8;
const LONGEST_UNAVAILABLE_S = 86_400;
/** How often a delivery returns what lost its process, as no worker is there to do so. */
const SWEEP_EVERY_MS = 30_000;

function webhookError(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return errorResponse(status, { code: "WEBHOOK_ERROR", message }, headers);
}

function toResponse(answer: DeliveryAnswer): Response {
  const { id } = answer;
  if (answer.answer === "done") return jsonResponse(200, { id, status: answer.status });
  if (answer.answer === "failed")
    return jsonResponse(NON_RETRYABLE, { id, status: "FAILED" }, { "upstash-nonretryable-error": "true" });
  const seconds = Math.max(1, Math.ceil(answer.afterMs / 1_000));
  return jsonResponse(
    503,
    { id, status: "READY", reason: answer.reason },
    { "retry-after": String(seconds) },
  );
}

/** How often a delivery was tried before, as its header says. */
function countOf(header: string | null): number {
  const count = Number(header ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** The only backend that delivers, or the named one; throws INVALID_OPTION or NOT_SUPPORTED. */
function deliveringBackend(engine: Engine, name: string | undefined): OpenedBackend {
  const all = [...engine.backends.values()].filter(({ backend }) => backend.delivery !== undefined);
  if (name !== undefined) {
    const opened = engine.backend(name, "The webhook");
    if (opened.backend.delivery !== undefined) return opened;
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: `The backend "${name}" (${opened.backend.kind}) delivers nothing to a webhook; workers claim from it.`,
    });
  }
  const [only, ...others] = all;
  if (only === undefined) {
    throw new TaskError({
      code: "NOT_SUPPORTED",
      message: "createWebhookHandler() needs a server with a backend that delivers, such as qstashBackend().",
    });
  }
  if (others.length === 0) return only;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `createWebhookHandler() needs backend, as several deliver: ${all.map((opened) => opened.name).join(", ")}.`,
    data: { option: "backend" },
  });
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, "");
}

/**
 * Makes the one public endpoint of a server's backend that delivers by calling it: a function from a Fetch `Request` to a
 * `Response`, for any host.
 *
 * It checks the signature, looks the task up in the contract, runs it, and answers so that the backend does the right
 * thing. Throws INVALID_OPTION or NOT_SUPPORTED.
 */
export function createWebhookHandler(server: AnyTaskServer, options: WebhookOptions = {}): WebhookHandler {
  checkOptionNames(options, "createWebhookHandler()", ["backend", "maxDuration", "maxBodyBytes"]);
  const engine = server["~engine"];
  const opened = deliveringBackend(engine, options.backend);
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options;
  if (!(Number.isInteger(maxBodyBytes) && maxBodyBytes > 0)) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "maxBodyBytes must be a positive integer.",
      data: { option: "maxBodyBytes" },
    });
  }
  const maxDurationMs =
    options.maxDuration === undefined ? undefined : durationToMs(options.maxDuration, "maxDuration");
  return new Webhook(engine, opened, { maxBodyBytes, maxDurationMs }).handle;
}

class Webhook {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;
  readonly #limits: { readonly maxBodyBytes: number; readonly maxDurationMs: number | undefined };
  readonly #runNow: RunNow;
  #relayedAt = Number.NEGATIVE_INFINITY;
  /** Not at the first delivery, which would wait for it in every new process of a serverless host. */
  #recoveredAt: number;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(
    engine: Engine,
    opened: OpenedBackend,
    limits: { readonly maxBodyBytes: number; readonly maxDurationMs: number | undefined },
  ) {
    this.#engine = engine;
    this.#opened = opened;
    this.#limits = limits;
    this.#recoveredAt = engine.host.monotonicTime();
    this.#runNow = new RunNow(engine, "webhook");
  }

  readonly handle: WebhookHandler = async (request) => {
    const startedAt = this.#engine.host.monotonicTime();
    try {
      const refusal = this.#refusalOf(request);
      if (refusal !== null) return refusal;
      const body = await readBody(request, {
        maxBytes: this.#limits.maxBodyBytes,
        timeoutMs: BODY_TIMEOUT_MS,
      });
      const response = toResponse(await this.#take(request, body, startedAt));
      await this.#tidy();
      return response;
    } catch (error) {
      return this.#failure(error, countOf(request.headers.get("upstash-retried")));
    }
  };

  /** The answer to what can be no delivery, before anything of it is read. */
  #refusalOf(request: Request): Response | null {
    const path = this.#opened.backend.delivery?.webhookPath ?? "";
    // Proxies may strip the slash at its end; the signature says the URL that was meant.
    if (trimmed(new URL(request.url).pathname) !== trimmed(path))
      return webhookError(404, `There is nothing here; deliveries go to ${path}.`);
    if (request.method !== "POST")
      return webhookError(405, "Deliveries are POST requests.", { allow: "POST" });
    const type = request.headers.get("content-type");
    if (type !== null && !/^application\/json\b/i.test(type))
      return webhookError(415, "The body must be application/json.");
    return null;
  }

  async #take(request: Request, body: Uint8Array, startedAt: number): Promise<DeliveryAnswer> {
    const { delivery } = this.#opened.backend;
    if (delivery === undefined) throw new Error("The backend has stopped delivering.");
    const { host } = this.#engine;
    const delivered = await delivery.read({
      header: (name) => request.headers.get(name),
      body,
    });
    await this.#opened.use();
    const { maxDurationMs } = this.#limits;
    const limitMs =
      maxDurationMs === undefined
        ? undefined
        : Math.max(SHORTEST_ATTEMPT_MS, maxDurationMs - ENDING_MS - (host.monotonicTime() - startedAt));
    const deliveries = new Deliveries(this.#engine, this.#opened, delivery);
    return deliveries.take(delivered, { runNow: this.#runNow, limitMs, signal: undefined });
  }

  /** Where nothing stays up, deliveries are when outboxes are emptied, and what lost its process is returned. */
  async #tidy(): Promise<void> {
    const { relay, backend } = this.#opened;
    const now = this.#engine.host.monotonicTime();
    const work: Promise<unknown>[] = [];
    if (backend.maintenance !== undefined && now - this.#sweptAt >= SWEEP_EVERY_MS) {
      this.#sweptAt = now;
      work.push(sweep(this.#engine, this.#opened).catch((error: unknown) => this.#warn(error)));
    }
    if (now - this.#recoveredAt >= RECOVER_EVERY_MS) {
      this.#recoveredAt = now;
      work.push(recoverDeadLetters(this.#opened).catch((error: unknown) => this.#warn(error)));
    }
    if (relay !== null && now - this.#relayedAt >= RELAY_EVERY_MS) {
      this.#relayedAt = now;
      work.push(relay.poll());
    }
    if (work.length > 0) await endsWithin(this.#engine.host, LONGEST_RELAY_MS, Promise.all(work));
  }

  #warn(error: unknown): void {
    const facts = { err: error, backend: this.#opened.name };
    this.#engine.logger.warn(facts, "What lost its process, or was given up, could not be returned now.");
  }

  #failure(error: unknown, retried: number): Response {
    const { logger } = this.#engine;
    const facts = { err: error, backend: this.#opened.name };
    if (error instanceof BodyRefused) return webhookError(error.status, error.message);
    if (isTaskError(error, "SIGNATURE_ERROR")) {
      const { reason } = (error.data ?? {}) as { readonly reason?: string };
      logger.warn(facts, "A call to the webhook was refused because of its signature.");
      // Which URL was expected, and the like, is for the log: anybody can call.
      const message = "The signature was refused; the server's log says why.";
      return errorResponse(401, { code: error.code, message, reason });
    }
    if (isTaskError(error, "WEBHOOK_ERROR")) {
      logger.warn(facts, "A delivery holds no message of Taskwright's.");
      return webhookError(NON_RETRYABLE, error.message, { "upstash-nonretryable-error": "true" });
    }
    if (isTaskError(error) && error.retryable) {
      logger.warn(facts, "A delivery could not be taken now; it is to come again.");
      const seconds = Math.min(UNAVAILABLE_S * UNAVAILABLE_GROWTH ** retried, LONGEST_UNAVAILABLE_S);
      const answer = { code: error.code, message: "It cannot be taken now." };
      return errorResponse(503, answer, { "retry-after": String(seconds) });
    }
    logger.error(facts, "A delivery could not be taken.");
    const message = "It could not be taken; the server's log says why.";
    return errorResponse(500, { code: "INTERNAL_ERROR", message });
  }
}
