import { inspect } from "node:util";
import { type AttemptError, findJsonProblem, type TaskResult } from "@taskwright/shared";
import type { CliIo } from "./cli-io.ts";
import { timeAndDistance } from "./elapsed-time.ts";
import { hasColours, painter, safeLines, singleLine } from "./terminal-text.ts";

/** A payload as it reads best: as JSON when it is JSON, else as Node prints it (Dates, Maps, bigints). */
function payloadText(value: unknown, colors: boolean): string {
  if (value === undefined) return "none";
  const isJson = findJsonProblem(value, "") === undefined;
  const text = isJson
    ? JSON.stringify(value, null, 2)
    : inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null, colors });
  return isJson ? safeLines(text) : text;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

function errorText(error: AttemptError, withStack: boolean): string {
  const who = error.workerId === null ? "" : ` by ${error.workerId}`;
  const head = `  attempt ${error.attempt}${who} at ${error.at}: ${error.type}`;
  const said = withStack && error.stack !== null ? error.stack : `${error.exceptionClass}: ${error.message}`;
  return `${singleLine(head).replace(/^/, "  ")}\n${indented(indented(safeLines(said)))}`;
}

/** A number from 0 to 1 is a share of the whole. */
function progressText(progress: unknown): string | null {
  if (progress === null || progress === undefined) return null;
  const isShare = typeof progress === "number" && progress >= 0 && progress <= 1;
  return isShare ? `${Math.floor(progress * 100 + 1e-9)} %` : JSON.stringify(progress);
}

/** Prints everything about one task result. */
export function printResult(io: CliIo, result: TaskResult, options: { readonly withStacks: boolean }): void {
  const paint = painter(io.stdout, io.env);
  const now = Date.now();
  const time = (value: Date | null) => (value === null ? null : timeAndDistance(value, now));
  const facts: readonly (readonly [string, string | null])[] = [
    ["id", result.id],
    ["task", result.label === result.path ? result.path : `${result.path} (${result.label})`],
    ["status", result.status],
    ["queue", `${result.queue}, backend ${result.backend}, priority ${result.priority}`],
    ["attempts", `${result.attempts}, retries allowed ${result.maxRetries}`],
    ["tags", result.tags.length === 0 ? null : result.tags.join(", ")],
    ["parent", result.parentId],
    ["schedule", result.scheduleId],
    ["enqueued", time(result.enqueuedAt)],
    ["due", result.status === "READY" ? time(result.runAfter) : null],
    ["started", time(result.startedAt)],
    ["last attempt", result.attempts > 1 ? time(result.lastAttemptedAt) : null],
    ["finished", time(result.finishedAt)],
    ["workers", result.workerIds.length === 0 ? null : [...new Set(result.workerIds)].join(", ")],
    ["progress", progressText(result.progress)],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === null ? [] : `${paint("dim", name.padEnd(13))}${singleLine(value)}`,
  );
  const colours = hasColours(io.stdout, io.env);
  const section = (title: string, text: string) => lines.push("", paint("bold", title), text);
  section("input", indented(payloadText(result.input, colours)));
  if (result.status === "SUCCESSFUL") section("output", indented(payloadText(result.output, colours)));
  if (result.errors.length > 0) {
    section("errors", result.errors.map((error) => errorText(error, options.withStacks)).join("\n"));
  }
  io.stdout.write(`${lines.join("\n")}\n`);
}
