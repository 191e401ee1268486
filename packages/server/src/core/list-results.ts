import {
  type ListOptions,
  TASK_STATUSES,
  TaskError,
  type TaskResultPage,
  type TaskStatus,
} from "@taskwright/shared";
import type { TaskFilter } from "../backend/index.ts";
import type { Engine } from "./engine.ts";
import { toListedResult } from "./result-mapping.ts";

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1_000;

function wholeNumber(value: unknown, name: string, range: { min: number; max: number }): number {
  if (Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max)
    return value as number;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${name} must be an integer from ${range.min} to ${range.max}.`,
    data: { option: name },
  });
}

function statusesOf(status: NonNullable<ListOptions["status"]>): readonly TaskStatus[] {
  const statuses = typeof status === "string" ? [status] : status;
  for (const given of statuses) {
    if (!TASK_STATUSES.includes(given)) {
      throw new TaskError({
        code: "INVALID_OPTION",
        message: `status must be one of ${TASK_STATUSES.join(", ")}.`,
        data: { option: "status" },
      });
    }
  }
  return statuses;
}

function filterOf(options: ListOptions): TaskFilter {
  const { status, queue, task, tag, parentId, enqueuedFrom, enqueuedBefore } = options;
  return {
    ...(status === undefined ? {} : { statuses: statusesOf(status) }),
    ...(queue === undefined ? {} : { queue }),
    ...(task === undefined ? {} : { path: task }),
    ...(tag === undefined ? {} : { tag }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(enqueuedFrom === undefined ? {} : { enqueuedFrom: enqueuedFrom.getTime() }),
    ...(enqueuedBefore === undefined ? {} : { enqueuedBefore: enqueuedBefore.getTime() }),
  };
}

/** Reads one page of a backend's task results, newest first. */
export async function listResults(engine: Engine, options: ListOptions): Promise<TaskResultPage> {
  const opened = engine.backend(options.backend ?? "default");
  const limit = wholeNumber(options.limit ?? DEFAULT_LIMIT, "limit", { min: 1, max: LARGEST_LIMIT });
  const offset = wholeNumber(options.offset ?? 0, "offset", { min: 0, max: Number.MAX_SAFE_INTEGER });
  const filter = filterOf(options);
  await opened.open();
  const page = await opened.inspector.list({ filter, cursor: options.cursor ?? null, offset, limit });
  const results = await Promise.all(
    page.records.map((record) => toListedResult(record, engine.tasks.get(record.path), opened.name)),
  );
  return { results, nextCursor: page.nextCursor };
}
