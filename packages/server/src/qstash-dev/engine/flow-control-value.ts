import { badRequest } from "./api-error.ts";
import { durationTextMs } from "./duration-text.ts";
import type { FlowControl } from "./message-record.ts";

const FORM = '"parallelism=2, rate=10, period=1m" with at least one of parallelism and rate';
const LONGEST_PERIOD_MS = 7 * 86_400_000;

function fault(): Error {
  return badRequest(`Upstash-Flow-Control-Value must be ${FORM}.`);
}

function count(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw fault();
}

/** Reads a period: a duration, or seconds; at most a week. */
export function periodMs(text: string): number {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : durationTextMs(text);
  if (ms === undefined) throw fault();
  if (ms >= 1_000 && ms <= LONGEST_PERIOD_MS) return ms;
  throw badRequest("The period of a flow control must be from 1s to 7d.");
}

/** Reads the flow control of a message from its headers; null when there is none. */
export function readFlowControl(headers: Headers): FlowControl | null {
  const key = headers.get("upstash-flow-control-key");
  const value = headers.get("upstash-flow-control-value");
  if (key === null && value === null) return null;
  if (key === null || key === "")
    throw badRequest("Upstash-Flow-Control-Value needs Upstash-Flow-Control-Key.");
  if (!/^[A-Za-z0-9_.:-]{1,256}$/.test(key)) {
    throw badRequest("Upstash-Flow-Control-Key must be 1 to 256 letters, digits, or any of _ . : -");
  }
  if (value === null) throw badRequest(`Upstash-Flow-Control-Key needs Upstash-Flow-Control-Value: ${FORM}.`);
  let parallelism: number | null = null;
  let rate: number | null = null;
  let period = 1_000;
  for (const part of value.split(",")) {
    const [name = "", text = "", more] = part.split("=").map((word) => word.trim());
    if (more !== undefined) throw fault();
    if (name === "parallelism") parallelism = count(text);
    else if (name === "rate" || name === "ratePerSecond") rate = count(text);
    else if (name === "period") period = periodMs(text);
    else throw fault();
  }
  if (parallelism === null && rate === null) throw fault();
  return { key, parallelism, rate, periodMs: period };
}
