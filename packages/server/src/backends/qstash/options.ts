import { type Duration, didYouMean, durationToMs, TaskError } from "@taskwright/shared";
import type { Backend, Outbox } from "../../backend/index.ts";
import { callbackUrl } from "./callback-url.ts";
import { isLoopback, LOCAL_QSTASH } from "./local-qstash.ts";

/** How many messages of one queue QStash may deliver at once, and how many in a time. */
export type QstashFlowControl =
  | { readonly parallelism: number; readonly rate?: number; readonly period?: Duration }
  | { readonly parallelism?: number; readonly rate: number; readonly period?: Duration };

/** What {@link QstashBackendOptions.message} is told of the task that it is asked about. */
export interface QstashTask {
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
}

/** What QStash has for a message that no option of a task says. */
export interface QstashMessageOptions {
  /** Instead of the one of its queue; `key` is the queue's name by default. */
  readonly flowControl?: QstashFlowControl & { readonly key?: string };
  /** Beside the task's id, path and queue: letters, digits and `-_.`. */
  readonly labels?: readonly string[];
  /** A URL that QStash posts the answer of each delivery to. */
  readonly callback?: string;
  /** A URL that QStash posts to when it gives up; with a store, the backend's own by default. */
  readonly failureCallback?: string;
  /** The wait before a delivery that got no answer of ours is tried again: milliseconds as QStash writes it, such as `pow(2, retried) * 1000`. */
  readonly retryDelay?: string;
  /** What QStash is not to show in its console and logs. */
  readonly redact?: { readonly body?: true; readonly header?: true | readonly string[] };
  /** Headers that the webhook is sent, for proxies before it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What {@link qstashBackend} takes; what is left out comes from the environment. */
export interface QstashBackendOptions<TTransaction = unknown> {
  /** @default QSTASH_TOKEN */
  readonly token?: string;
  /** Where QStash is. @default QSTASH_URL, else "https://qstash.upstash.io", else with USE_LOCAL_QSTASH=1 "http://127.0.0.1:8080" */
  readonly baseUrl?: string;
  /** The public domain of this app, such as "example.com". @default TASKWRIGHT_DOMAIN */
  readonly domain?: string;
  /** The path of the webhook. @default TASKWRIGHT_WEBHOOK_PATH, else "/qstash/webhook/" */
  readonly webhookPath?: string;
  /** Have deliveries sent by https, whatever scheme the domain is written with. @default TASKWRIGHT_FORCE_HTTPS, else true */
  readonly forceHttps?: boolean;
  /** @default QSTASH_CURRENT_SIGNING_KEY */
  readonly currentSigningKey?: string;
  /** @default QSTASH_NEXT_SIGNING_KEY */
  readonly nextSigningKey?: string;
  /** Keeps the task results: any other backend. Without it there is delivery only, and `get()` rejects. */
  readonly store?: Backend<TTransaction>;
  /** Where transactions of your database leave tasks: `prismaOutbox(prisma)`. Not needed where the store is in that database. */
  readonly outbox?: Outbox;
  /**
   * The most retries that a message asks QStash for, 0 to 100; your plan has a limit. A message asks for the task's
   * `maxRetries` and three more. With a store, a task that may be tried more often is sent anew.
   *
   * @default 3
   */
  readonly retries?: number;
  /** The longest delay that your plan has; what is due later is sent on when it arrives. @default "7d" */
  readonly maxDelay?: Duration;
  /** The longest that QStash of your plan waits for an answer. @default "15m" */
  readonly maxTimeout?: Duration;
  /** Limits for the messages of a queue, by its name. @default none */
  readonly flowControl?: Readonly<Record<string, QstashFlowControl>>;
  /** Send through QStash's own queues, which deliver one after the other, in order: all, or those of these names. @default false */
  readonly ordered?: boolean | readonly string[];
  /** What else to say to QStash of a task's messages. */
  readonly message?: (task: QstashTask) => QstashMessageOptions;
  /** How far the clocks of QStash and this machine may differ. @default "60s" */
  readonly clockTolerance?: Duration;
}

/** {@link QstashBackendOptions}, checked and with every default filled in. */
export interface ResolvedQstashOptions<TTransaction = unknown> {
  readonly token: string;
  readonly baseUrl: string;
  readonly callback: URL;
  readonly keys: { readonly current: string; readonly next: string };
  readonly store: Backend<TTransaction> | undefined;
  readonly outbox: Outbox | undefined;
  readonly retries: number;
  readonly maxDelayMs: number;
  readonly maxTimeoutMs: number;
  readonly flowControl: Readonly<Record<string, QstashFlowControl>>;
  readonly isOrdered: (queue: string) => boolean;
  readonly message: ((task: QstashTask) => QstashMessageOptions) | undefined;
  readonly clockToleranceMs: number;
}

/** The environment that options are read from. */
export type Environment = Readonly<Record<string, string | undefined>>;

const OPTIONS: ReadonlySet<string> = new Set<keyof QstashBackendOptions>([
  "token",
  "baseUrl",
  "domain",
  "webhookPath",
  "forceHttps",
  "currentSigningKey",
  "nextSigningKey",
  "store",
  "outbox",
  "retries",
  "maxDelay",
  "maxTimeout",
  "flowControl",
  "ordered",
  "message",
  "clockTolerance",
]);
const MOST_RETRIES = 100;
const LONGEST_TOLERANCE_MS = 3_600_000;

function invalid(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message: `qstashBackend: ${message}`, data: { option } });
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on)$/i.test(value);
}

/** Whether a QStash of this machine was asked for; never in production, where the well-known keys would let anybody in. */
function wantsLocal(env: Environment): boolean {
  if (!isYes(env.USE_LOCAL_QSTASH)) return false;
  if (env.NODE_ENV !== "production") return true;
  throw invalid(
    "baseUrl",
    "USE_LOCAL_QSTASH is set although NODE_ENV is production; the keys of a local QStash are public, so anybody could call the webhook. Unset it.",
  );
}

/** Where the environment says that QStash is; a local one may be at another port, but not be the real one. */
function localUrlOf(env: Environment, local: { readonly url: string } | undefined): string | undefined {
  const { QSTASH_URL: said } = env;
  if (local === undefined) return said;
  return said !== undefined && isLoopback(baseUrlOf(said).hostname) ? said : local.url;
}

function requiredText(value: unknown, option: string, variable: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalid(option, `${option} is missing; give it, or set ${variable} in the environment.`);
}

function baseUrlOf(value: string): URL {
  try {
    const url = new URL(value);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Told below, without the value, which may hold a password.
  }
  throw invalid("baseUrl", 'baseUrl must be an http or https URL, such as "https://qstash.upstash.io".');
}

function checkKinds(options: QstashBackendOptions): void {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name))
      throw invalid(name, `there is no option "${name.slice(0, 60)}".${didYouMean(name, OPTIONS)}`);
  }
  const { retries, forceHttps, store, message, ordered, flowControl } = options;
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0 && retries <= MOST_RETRIES))
    throw invalid("retries", `retries must be an integer from 0 to ${MOST_RETRIES}.`);
  if (forceHttps !== undefined && typeof forceHttps !== "boolean")
    throw invalid("forceHttps", "forceHttps must be true or false.");
  if (store !== undefined && typeof store?.store?.enqueue !== "function")
    throw invalid("store", 'store must be a backend, such as sqliteBackend({ file: "taskwright.db" }).');
  if (store?.leases === undefined && store !== undefined)
    throw invalid("store", `store must be a backend that keeps task results itself; ${store.kind} does not.`);
  if (message !== undefined && typeof message !== "function")
    throw invalid("message", "message must be a function that is given a task.");
  const areNames = Array.isArray(ordered) && ordered.every((queue) => typeof queue === "string");
  if (ordered !== undefined && typeof ordered !== "boolean" && !areNames)
    throw invalid("ordered", "ordered must be true, false or an array of queue names.");
  if (flowControl !== undefined && (typeof flowControl !== "object" || flowControl === null))
    throw invalid(
      "flowControl",
      "flowControl must be an object by queue, such as { emails: { parallelism: 2 } }.",
    );
  for (const [queue, limits] of Object.entries(flowControl ?? {}))
    checkFlowControl(limits, `flowControl.${queue}`);
}

/** Throws INVALID_OPTION unless it limits something. */
export function checkFlowControl(limits: unknown, what: string): void {
  const { parallelism, rate, period } = (limits ?? {}) as Partial<Record<string, unknown>>;
  const isCount = (value: unknown) =>
    value === undefined || (Number.isInteger(value) && (value as number) >= 1);
  if (!isCount(parallelism) || !isCount(rate) || (parallelism === undefined && rate === undefined))
    throw invalid("flowControl", `${what} must have parallelism or rate, each an integer from 1.`);
  if (period !== undefined) durationToMs(period, `${what}.period`);
}

/** A signing key; throws INVALID_OPTION for none, and in production for one that everybody knows. */
function signingKey(
  value: unknown,
  option: "currentSigningKey" | "nextSigningKey",
  env: Environment,
): string {
  const variable = option === "currentSigningKey" ? "QSTASH_CURRENT_SIGNING_KEY" : "QSTASH_NEXT_SIGNING_KEY";
  const key = requiredText(value, option, variable);
  const isPublic = key === LOCAL_QSTASH.currentSigningKey || key === LOCAL_QSTASH.nextSigningKey;
  if (!isPublic || env.NODE_ENV !== "production") return key;
  throw invalid(
    option,
    `${option} is that of a local QStash although NODE_ENV is production; that key is public, so anybody could call the webhook.`,
  );
}

/** A length of time of at least a second and, where `longest` is given, at most that. */
function lengthOf(value: unknown, option: string, longest?: number): number {
  const ms = durationToMs(value, option);
  if (ms < 1_000 && longest === undefined) throw invalid(option, `${option} must be 1s or longer.`);
  if (longest !== undefined && ms > longest)
    throw invalid(option, `${option} must be ${longest / 3_600_000}h or shorter.`);
  return ms;
}

/** Checks options and fills them from the environment; throws INVALID_OPTION. */
export function resolveOptions<TTransaction>(
  options: QstashBackendOptions<TTransaction>,
  env: Environment = process.env,
): ResolvedQstashOptions<TTransaction> {
  checkKinds(options);
  const local = wantsLocal(env) ? LOCAL_QSTASH : undefined;
  const baseUrl = baseUrlOf(options.baseUrl ?? localUrlOf(env, local) ?? "https://qstash.upstash.io");
  const { ordered = false, retries = 3, outbox, store } = options;
  if (outbox !== undefined && store?.transactions !== undefined)
    throw invalid(
      "outbox",
      "outbox is not needed: the store keeps tasks in a database with transactions, in which client.withTransaction(tx) enqueues. Leave it out.",
    );
  const forceHttps =
    options.forceHttps ?? (env.TASKWRIGHT_FORCE_HTTPS === undefined || isYes(env.TASKWRIGHT_FORCE_HTTPS));
  return {
    token: requiredText(options.token ?? local?.token ?? env.QSTASH_TOKEN, "token", "QSTASH_TOKEN"),
    baseUrl: baseUrl.href.replace(/\/$/, ""),
    callback: callbackUrl({
      domain: options.domain ?? env.TASKWRIGHT_DOMAIN,
      webhookPath: options.webhookPath ?? env.TASKWRIGHT_WEBHOOK_PATH ?? "/qstash/webhook/",
      forceHttps,
      isLocal: isLoopback(baseUrl.hostname),
    }),
    keys: {
      current: signingKey(
        options.currentSigningKey ?? local?.currentSigningKey ?? env.QSTASH_CURRENT_SIGNING_KEY,
        "currentSigningKey",
        env,
      ),
      next: signingKey(
        options.nextSigningKey ?? local?.nextSigningKey ?? env.QSTASH_NEXT_SIGNING_KEY,
        "nextSigningKey",
        env,
      ),
    },
    store,
    outbox,
    retries,
    maxDelayMs: lengthOf(options.maxDelay ?? "7d", "maxDelay"),
    maxTimeoutMs: lengthOf(options.maxTimeout ?? "15m", "maxTimeout"),
    flowControl: options.flowControl ?? {},
    isOrdered: (queue) => (typeof ordered === "boolean" ? ordered : ordered.includes(queue)),
    message: options.message,
    clockToleranceMs: lengthOf(options.clockTolerance ?? "60s", "clockTolerance", LONGEST_TOLERANCE_MS),
  };
}
