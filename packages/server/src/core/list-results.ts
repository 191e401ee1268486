import {
  type ListOptions,
  TASK_STATUSES,
  TaskError,
  type TaskResultPage,
  type TaskStatus,
} from "@taskwright/shared";
import type { InputCondition, ScanReach, TaskFilter } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import { checkInputConditions } from "./input-conditions.ts";
import { toListedResult } from "./result-mapping.ts";

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;
const SCAN_LIMIT = 10_000;

function wholeNumber(value: unknown, name: string, range: { min: number; max: number }): number {
  if (Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max)
    return value as number;
  throw invalid(name, `an integer from ${range.min} to ${range.max}`);
}

function invalid(option: string, expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be ${expected}.`,
    data: { option },
  });
}

function statusesOf(status: NonNullable<ListOptions["status"]>): readonly TaskStatus[] {
  const statuses: unknown = typeof status === "string" ? [status] : status;
  if (Array.isArray(statuses) && statuses.every((given) => TASK_STATUSES.includes(given))) return statuses;
  throw invalid("status", `one of ${TASK_STATUSES.join(", ")}, or an array of them`);
}

function textOf(value: unknown, option: string): string {
  if (typeof value === "string") return value;
  throw invalid(option, `a string; got ${typeof value}`);
}

function timeOf(value: unknown, option: string): number {
  const time = value instanceof Date ? value.getTime() : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw invalid(option, "a valid Date");
}

function filterOf(options: ListOptions): TaskFilter {
  const { status, queue, task, tag, parentId, enqueuedFrom, enqueuedBefore } = options;
  return {
    ...(status === undefined ? {} : { statuses: statusesOf(status) }),
    ...(queue === undefined ? {} : { queue: textOf(queue, "queue") }),
    ...(task === undefined ? {} : { path: textOf(task, "task") }),
    ...(tag === undefined ? {} : { tag: textOf(tag, "tag") }),
    ...(parentId === undefined ? {} : { parentId: textOf(parentId, "parentId") }),
    ...(enqueuedFrom === undefined ? {} : { enqueuedFrom: timeOf(enqueuedFrom, "enqueuedFrom") }),
    ...(enqueuedBefore === undefined ? {} : { enqueuedBefore: timeOf(enqueuedBefore, "enqueuedBefore") }),
  };
}

/** A page, and how far it got when it filters on inputs. */
export interface FilteredPage extends TaskResultPage {
  readonly scan: ScanReach | null;
}

/**
 * Reads one page of a backend's task results, newest first.
 *
 * With conditions on inputs it looks at no more than 10,000 of them: it may then hold fewer than its limit although more
 * follow, and its cursor leads on.
 */
export async function listFiltered(
  engine: Engine,
  options: ListOptions,
  input: readonly InputCondition[],
): Promise<FilteredPage> {
  const opened = engine.backend(options.backend ?? "default");
  const limit = wholeNumber(options.limit ?? DEFAULT_LIMIT, "limit", { min: 1, max: LARGEST_LIMIT });
  const offset = wholeNumber(options.offset ?? 0, "offset", { min: 0, max: Number.MAX_SAFE_INTEGER });
  const filter = filterOf(options);
  checkInputConditions(input);
  if (input.length > 0 && offset > 0) {
    // How many a page passed over would depend on how far it may look.
    throw invalid("offset", "0 together with a filter on inputs, whose pages follow each other by cursor");
  }
  await opened.use();
  const cursor = options.cursor === undefined ? null : textOf(options.cursor, "cursor");
  const page = await opened.inspector.list(
    input.length === 0
      ? { filter, cursor, offset, limit }
      : { filter: { ...filter, input }, cursor, offset: 0, limit, scanLimit: SCAN_LIMIT },
  );
  const results = await Promise.all(
    page.records.map((record) => toListedResult(record, engine.tasks.get(record.path), opened.name)),
  );
  return { results, nextCursor: page.nextCursor, scan: page.scan ?? null };
}

/** Reads one page of a backend's task results, newest first. */
export async function listResults(engine: Engine, options: ListOptions): Promise<TaskResultPage> {
  const { results, nextCursor } = await listFiltered(engine, options, []);
  return { results, nextCursor };
}
