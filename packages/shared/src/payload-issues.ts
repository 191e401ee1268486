import type * as z from "zod/v4/core";
import type { PayloadIssue } from "./errors/task-error.ts";
import { pathStep } from "./json-safety.ts";

/** So many issues are kept of one payload; an array of bad items has one for each. */
const MAX_ISSUES = 50;
const MAX_MESSAGE = 500;
const MAX_PATH_KEYS = 16;
const MAX_ALTERNATIVES = 5;

function cut(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE).toWellFormed()}…`;
}

function stepOf(key: PropertyKey): string {
  return pathStep(typeof key === "symbol" ? String(key) : key);
}

function placeOf(path: readonly PropertyKey[]): string {
  if (path.length <= MAX_PATH_KEYS) return path.map(stepOf).join("");
  const half = MAX_PATH_KEYS / 2;
  return `${path.slice(0, half).map(stepOf).join("")}…${path.slice(-half).map(stepOf).join("")}`;
}

function withoutPrefix(message: string): string {
  return message.replace(/^Invalid input: /, "");
}

/** What each alternative of a union expected, by its first issue: zod itself only says "Invalid input". */
function alternatives(errors: readonly (readonly z.$ZodIssue[])[]): string {
  const seen = new Set<string>();
  for (const [first] of errors) {
    if (first === undefined) continue;
    const place = placeOf(first.path);
    seen.add(`${place}${place === "" ? "" : ": "}${withoutPrefix(messageOf(first))}`);
  }
  const shown = [...seen].slice(0, MAX_ALTERNATIVES);
  return shown.join(" | ") + (seen.size > shown.length ? " | …" : "");
}

/** zod's message, with what it leaves to the nested issues. None of them contain the value. */
function messageOf(issue: z.$ZodIssue): string {
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return `${issue.message}: no alternative fits: ${alternatives(issue.errors)}`;
  if ((issue.code === "invalid_key" || issue.code === "invalid_element") && issue.issues[0] !== undefined)
    return `${issue.message}: ${withoutPrefix(messageOf(issue.issues[0]))}`;
  if (issue.code === "invalid_type" && issue.expected === "nonoptional")
    return `${issue.message} (make it .optional() if it may be missing or undefined: JSON leaves undefined properties out)`;
  return issue.message;
}

/** zod's issues as they are reported: without values, and no more of them than anyone reads. */
export function payloadIssues(error: z.$ZodError): readonly PayloadIssue[] {
  return error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: issue.path.map((key) => (typeof key === "symbol" ? String(key) : key)),
    message: cut(messageOf(issue)),
    code: issue.code ?? "custom",
  }));
}

/** Says the first issue and how many there are; `root` starts its path. */
export function issuesSummary(root: string, error: z.$ZodError): string {
  const [first] = error.issues;
  if (first === undefined) return `${root}: does not fit its schema`;
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return `${root}${placeOf(first.path)}: ${cut(messageOf(first))}${more}`;
}
