import { checkOptionNames, TaskError } from "@taskwright/shared";
import type { NewTask } from "../../backend/index.ts";
import { checkFlowControl, type QstashMessageOptions, type ResolvedQstashOptions } from "./options.ts";

const NAMES: readonly (keyof QstashMessageOptions)[] = [
  "flowControl",
  "labels",
  "callback",
  "failureCallback",
  "retryDelay",
  "redact",
  "headers",
];

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\//i.test(value) && URL.canParse(value);
}

/** What each may be, and whether something is that. */
const EXPECTED: Readonly<
  Record<Exclude<keyof QstashMessageOptions, "flowControl">, readonly [string, (value: unknown) => boolean]>
> = {
  labels: ["an array of strings", (value) => Array.isArray(value) && areTexts(value)],
  callback: ["a URL that begins with https:// or http://", isUrl],
  failureCallback: ["a URL that begins with https:// or http://", isUrl],
  retryDelay: ['an expression such as "pow(2, retried) * 1000"', (value) => typeof value === "string"],
  redact: ["an object such as { body: true }", isObject],
  headers: ["an object of strings by name", (value) => isObject(value) && areTexts(Object.values(value))],
};

function invalid(expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `qstashBackend: message() must return ${expected}.`,
    data: { option: "message" },
  });
}

/** What the user says of a message; throws INVALID_OPTION for what is no answer. */
export function messageOptions(
  options: ResolvedQstashOptions,
  task: Pick<NewTask, "id" | "path" | "queue" | "priority" | "tags">,
): QstashMessageOptions {
  if (options.message === undefined) return {};
  const { id, path, queue, priority, tags } = task;
  const asked: unknown = options.message({ id, path, queue, priority, tags });
  if (asked === undefined || asked === null) return {};
  if (!isObject(asked)) throw invalid(`an object; got ${typeof asked}`);
  checkOptionNames(asked, "qstashBackend: message()", NAMES);
  const { flowControl, ...others } = asked as QstashMessageOptions;
  if (flowControl !== undefined) checkFlowControl(flowControl, "message().flowControl");
  for (const [name, [expected, is]] of Object.entries(EXPECTED)) {
    const value = others[name as keyof typeof others];
    if (value !== undefined && !is(value)) throw invalid(`${name} as ${expected}`);
  }
  return asked as QstashMessageOptions;
}
