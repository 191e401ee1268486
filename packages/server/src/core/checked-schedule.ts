import {
  checkOptionNames,
  MISFIRES,
  type Misfire,
  parseOptions,
  type ScheduleCallOptions,
  TaskError,
} from "@taskwright/shared";
import type { EngineTask } from "./engine.ts";
import type { ScheduleRule } from "./schedule-options.ts";

const CALL_OPTIONS: readonly string[] = [
  "queue",
  "priority",
  "maxRetries",
  "retryDelay",
  "backoff",
  "timeout",
  "expires",
  "tags",
] satisfies readonly (keyof ScheduleCallOptions)[];

const NAMES: readonly string[] = [
  "task",
  "input",
  ...([
    "id",
    "name",
    "cron",
    "timeZone",
    "misfire",
    "isPaused",
    "backend",
  ] satisfies readonly (keyof ScheduleRule)[]),
  ...CALL_OPTIONS,
];

const ID = /^[\w.:-]{1,100}$/;
const LONGEST_NAME = 200;

function invalid(option: string, expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be ${expected}.`,
    data: { option },
  });
}

/** Whether something can be the id of a schedule. */
export function isScheduleId(id: unknown): id is string {
  return typeof id === "string" && ID.test(id);
}

/** Throws INVALID_OPTION for what can be no id of a schedule. */
export function checkScheduleId(id: unknown): asserts id is string {
  if (!isScheduleId(id)) throw invalid("id", 'a string of 1 to 100 letters, digits and "_-.:"');
}

/** Checks what is not the task's own; throws INVALID_OPTION. */
export function checkScheduleOptions(given: unknown): asserts given is Readonly<Record<string, unknown>> {
  checkOptionNames(given, "schedules.create()", NAMES);
  const { id, name, misfire, isPaused } = given as Readonly<Record<string, unknown>>;
  if (id !== undefined) checkScheduleId(id);
  if (name !== undefined && !isName(name))
    throw invalid("name", `a string of 1 to ${LONGEST_NAME} characters, without NUL and lone surrogates`);
  if (misfire !== undefined && !MISFIRES.includes(misfire as Misfire))
    throw invalid("misfire", 'one of "once", "skip" and "all"');
  if (isPaused !== undefined && typeof isPaused !== "boolean") throw invalid("isPaused", "true or false");
}

function isName(name: unknown): boolean {
  return (
    typeof name === "string" &&
    name.length >= 1 &&
    name.length <= LONGEST_NAME &&
    name.isWellFormed() &&
    !name.includes("\0")
  );
}

/** Picks the options of calls and checks them; throws INVALID_OPTION or UNKNOWN_QUEUE. */
export function callOptionsOf(
  task: EngineTask,
  given: Readonly<Record<string, unknown>>,
): ScheduleCallOptions {
  const entries = CALL_OPTIONS.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]);
  const options: ScheduleCallOptions = Object.fromEntries(entries);
  parseOptions(options, "call", task.queues);
  return options;
}

/** The stored form; null for none. */
export function encodeCallOptions(options: ScheduleCallOptions): string | null {
  return Object.keys(options).length === 0 ? null : JSON.stringify(options);
}

/** Reads the stored form; throws INVALID_OPTION where it is no JSON object of options. */
export function decodeCallOptions(stored: string | null): ScheduleCallOptions {
  if (stored === null) return {};
  let options: unknown;
  try {
    options = JSON.parse(stored);
  } catch {
    // Without the cause: the message of a SyntaxError quotes the text.
    throw invalid(
      "options",
      "JSON; the stored schedule has been changed by something else than this library",
    );
  }
  checkOptionNames(options, "A schedule", CALL_OPTIONS);
  return options as ScheduleCallOptions;
}
