import { createHash } from "node:crypto";
import { badRequest } from "./api-error.ts";
import type { Redaction } from "./message-record.ts";

/** Reads `Upstash-Redact-Fields`: `body`, `header`, `header[Authorization]`, separated by commas. */
export function readRedaction(headers: Headers): Redaction | null {
  const text = headers.get("upstash-redact-fields");
  if (text === null) return null;
  let body = false;
  let all = false;
  const names: string[] = [];
  for (const field of text.split(",").map((part) => part.trim())) {
    const name = /^header\[([^\]]+)\]$/.exec(field)?.[1];
    if (field === "body") body = true;
    else if (field === "header") all = true;
    else if (name !== undefined) names.push(name.toLowerCase());
    else throw badRequest('Upstash-Redact-Fields must be a list of "body", "header" and "header[Name]".');
  }
  return { body, headers: all ? "all" : names };
}

/** What is shown instead of redacted bytes. */
export function redacted(bytes: string | Uint8Array): string {
  return `REDACTED:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether the value of a header is shown as a hash. */
export function isRedacted(redaction: Redaction | null, name: string): boolean {
  if (redaction === null) return false;
  return redaction.headers === "all" || redaction.headers.includes(name.toLowerCase());
}
