import { badRequest, overQuota } from "./api-error.ts";
import { durationTextMs } from "./duration-text.ts";
import { readFlowControl } from "./flow-control-value.ts";
import type { QstashLimits } from "./limits.ts";
import type { CallbackTarget, DeliveryOptions } from "./message-record.ts";
import { readRedaction } from "./redaction.ts";
import { compileRetryExpression } from "./retry-expression.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"] as const;
const DEFAULT_RETRIES = 3;
const FORWARD = "upstash-forward-";

/** Headers of options, and how those are called where the caller wrote them. */
interface OptionHeaders {
  readonly headers: Headers;
  readonly prefix: string;
  readonly limits: QstashLimits;
}

function wholeNumber({ headers, prefix }: OptionHeaders, name: string): number | null {
  const text = headers.get(`upstash-${name.toLowerCase()}`);
  if (text === null) return null;
  if (/^\d{1,15}$/.test(text.trim())) return Number(text);
  throw badRequest(`${prefix}${name} must be a whole number of 0 or more.`);
}

function duration({ headers, prefix }: OptionHeaders, name: string): number | null {
  const text = headers.get(`upstash-${name.toLowerCase()}`);
  if (text === null) return null;
  const ms = durationTextMs(text.trim());
  if (ms === undefined) throw badRequest(`${prefix}${name} must be a duration such as 10s, 5m, 2h or 7d.`);
  return ms;
}

function methodOf({ headers, prefix }: OptionHeaders): string {
  const method = (headers.get("upstash-method") ?? "POST").toUpperCase();
  if (METHODS.some((known) => known === method)) return method;
  throw badRequest(`${prefix}Method must be one of ${METHODS.join(", ")}.`);
}

function retriesOf(source: OptionHeaders): number {
  const { limits, prefix } = source;
  const retries = wholeNumber(source, "Retries");
  if (retries === null) return Math.min(DEFAULT_RETRIES, limits.retries);
  if (retries <= limits.retries) return retries;
  throw overQuota(`${prefix}Retries is ${retries}; this server allows ${limits.retries} at most.`);
}

function retryDelayOf({ headers, prefix }: OptionHeaders): string | null {
  const text = headers.get("upstash-retry-delay");
  if (text === null) return null;
  const compiled = compileRetryExpression(text);
  if (typeof compiled === "function") return text;
  throw badRequest(
    `${prefix}Retry-Delay must be an expression in milliseconds such as "pow(2, retried) * 1000"; it has ${compiled.fault}.`,
  );
}

function delayOf(source: OptionHeaders): number {
  const delay = duration(source, "Delay") ?? 0;
  const { delayMs } = source.limits;
  if (delay <= delayMs) return delay;
  throw overQuota(`${source.prefix}Delay is longer than this server allows: ${delayMs / 1_000} seconds.`);
}

function timeoutOf(source: OptionHeaders): number | null {
  const timeout = duration(source, "Timeout");
  const { timeoutMs } = source.limits;
  if (timeout === 0) throw badRequest(`${source.prefix}Timeout must be longer than 0.`);
  if (timeout === null || timeout <= timeoutMs) return timeout;
  throw overQuota(`${source.prefix}Timeout is longer than this server allows: ${timeoutMs / 1_000} seconds.`);
}

function forwarded(headers: Headers): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of headers) {
    if (name === "content-type") list.push([name, value]);
    if (name.startsWith(FORWARD) && name.length > FORWARD.length) {
      list.push([name.slice(FORWARD.length), value]);
    }
  }
  return list;
}

function labelsOf(headers: Headers): string[] {
  const text = headers.get("upstash-label") ?? "";
  return text
    .split(",")
    .map((label) => label.trim())
    .filter((label) => label !== "");
}

/** `Upstash-Callback-Retries` and its like as the options of a message of their own. */
function callbackOf(source: OptionHeaders, name: "Callback" | "Failure-Callback"): CallbackTarget | null {
  const url = source.headers.get(`upstash-${name.toLowerCase()}`);
  if (url === null) return null;
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw badRequest(`Upstash-${name} must be a URL that begins with http:// or https://.`);
  }
  const own = new Headers({ "content-type": "application/json" });
  const prefix = `upstash-${name.toLowerCase()}-`;
  for (const [header, value] of source.headers) {
    if (header.startsWith(prefix)) own.set(`upstash-${header.slice(prefix.length)}`, value);
  }
  // A callback's own callback would be a loop that nobody ends.
  own.delete("upstash-callback");
  own.delete("upstash-failure-callback");
  const options = readOptions({ headers: own, prefix: `Upstash-${name}-`, limits: source.limits });
  return { url, options };
}

function readOptions(source: OptionHeaders): DeliveryOptions {
  const { headers } = source;
  const notBefore = wholeNumber(source, "Not-Before");
  return {
    method: methodOf(source),
    headers: forwarded(headers),
    delayMs: delayOf(source),
    notBefore: notBefore === null ? null : notBefore * 1_000,
    maxRetries: retriesOf(source),
    retryDelay: retryDelayOf(source),
    timeoutMs: timeoutOf(source),
    labels: labelsOf(headers),
    redact: readRedaction(headers),
    flowControl: readFlowControl(headers),
    callback: callbackOf(source, "Callback"),
    failureCallback: callbackOf(source, "Failure-Callback"),
  };
}

/** Reads how a message is to be delivered from the headers it was published with; throws ApiError. */
export function readDeliveryOptions(headers: Headers, limits: QstashLimits): DeliveryOptions {
  return readOptions({ headers, prefix: "Upstash-", limits });
}

const HEADER_OF: Readonly<Partial<Record<keyof DeliveryOptions, string>>> = {
  method: "upstash-method",
  delayMs: "upstash-delay",
  notBefore: "upstash-not-before",
  maxRetries: "upstash-retries",
  retryDelay: "upstash-retry-delay",
  timeoutMs: "upstash-timeout",
  labels: "upstash-label",
  redact: "upstash-redact-fields",
  flowControl: "upstash-flow-control-key",
  callback: "upstash-callback",
  failureCallback: "upstash-failure-callback",
};

/** Options of before, save those that these headers say anew. */
export function overriddenOptions(
  before: DeliveryOptions,
  headers: Headers,
  limits: QstashLimits,
): DeliveryOptions {
  const now = readDeliveryOptions(headers, limits);
  const said = Object.entries(HEADER_OF).filter(([, header]) => headers.has(header));
  return {
    ...before,
    ...Object.fromEntries(said.map(([name]) => [name, now[name as keyof DeliveryOptions]])),
  };
}
