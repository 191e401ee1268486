import { stripVTControlCharacters } from "node:util";

const LONGEST_VALUE = 300;

function singleLine(text: string): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();
  return line.length > LONGEST_VALUE ? `${line.slice(0, LONGEST_VALUE - 1)}…` : line;
}

function reasonOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return String(error);
  const { message, name, exceptionClass = name } = error as Record<string, unknown>;
  return exceptionClass === undefined ? `${message}` : `${exceptionClass}: ${message}`;
}

function valueText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return JSON.stringify(reasonOf(value));
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A fact may be anything, also what throws when it is looked at. */
function readable(text: () => string): string {
  try {
    return singleLine(text());
  } catch {
    return "?";
  }
}

/** A message and its facts on one line for people: `A claim failed. worker=w1: Error: disk I/O error`. */
export function logText(facts: object, message: string): string {
  const { err, ...others } = facts as { readonly err?: unknown };
  const words = Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${readable(() => valueText(value))}`);
  return `${singleLine(message)}${words.join("")}${err === undefined ? "" : `: ${readable(() => reasonOf(err))}`}`;
}
