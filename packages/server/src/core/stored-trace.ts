import { isLargerThan } from "@taskwright/shared";
import type { TraceHeaders, TraceOrigin } from "./tracing.ts";

/** Baggage is the caller's, and may be as long as it likes. */
const MOST_BYTES = 4_096;

/** Headers as they are stored, and the names of those that were left out as they are too long. */
export interface BoundedHeaders {
  readonly headers: TraceHeaders;
  readonly omitted: readonly string[];
}

/** Leaves out what is too long to be stored, the longest first, as which trace it is takes little. */
export function boundedHeaders(given: TraceHeaders): BoundedHeaders {
  const kept: [string, string][] = [];
  const omitted: string[] = [];
  const shortestFirst = Object.entries(given)
    .filter(([, value]) => typeof value === "string")
    .sort(([, left], [, right]) => left.length - right.length);
  for (const entry of shortestFirst) {
    const isTooLong = isLargerThan(JSON.stringify(Object.fromEntries([...kept, entry])), MOST_BYTES);
    if (isTooLong) omitted.push(entry[0]);
    else kept.push(entry);
  }
  return { headers: Object.fromEntries(kept), omitted };
}

/** Adds to what is stored of a call where in a trace that was made; who does not trace never looks at it. */
export function withTrace(policy: string | null, { headers, isOneOfMany }: TraceOrigin): string {
  const said: object = policy === null ? {} : JSON.parse(policy);
  return JSON.stringify({ ...said, trace: { headers, ...(isOneOfMany ? { many: true } : {}) } });
}

function parsed(policy: string): unknown {
  try {
    return (JSON.parse(policy) as { readonly trace?: unknown } | null)?.trace;
  } catch {
    // Whoever runs the task tells what is wrong with it.
    return null;
  }
}

/** Reads where a task result was enqueued; null when nothing is stored of that, or nothing that can be read. */
export function readTrace(policy: string | null): TraceOrigin | null {
  const trace = policy === null ? null : parsed(policy);
  if (typeof trace !== "object" || trace === null) return null;
  const { headers, many } = trace as { readonly headers?: unknown; readonly many?: unknown };
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return null;
  if (Object.values(headers).some((value) => typeof value !== "string")) return null;
  return { headers: headers as TraceHeaders, isOneOfMany: many === true };
}
