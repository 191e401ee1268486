import type { FinishedStatus } from "@taskwright/shared";
import type { NewTask, TaskRecord } from "../../backend/index.ts";
import { createHeap, type Heap } from "./heap.ts";
import { createTaskEntry, type TaskEntry } from "./task-entry.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { createWaitingLine, type WaitingLine } from "./waiting-line.ts";

/** Every task result with its indexes; all changes of state go through here, so that the indexes always agree. */
export interface TaskTable {
  readonly line: Pick<WaitingLine, "take" | "nextDueAt" | "laneCount">;
  /** RUNNING ones, by the end of their lease. */
  readonly leased: Pick<Heap<TaskEntry>, "peek">;
  /** READY ones that have never started, by expiry. */
  readonly expiring: Pick<Heap<TaskEntry>, "peek">;
  readonly finished: Readonly<Record<FinishedStatus, Pick<Timeline<TaskEntry>, "oldestFirst">>>;
  /** In the order in which they were stored. */
  readonly byEnqueue: Pick<Timeline<TaskEntry>, "newestFirst">;
  get(id: string): TaskEntry | undefined;
  values(): Iterable<TaskEntry>;
  insert(task: NewTask): TaskEntry;
  remove(entry: TaskEntry): void;
  /** Changes a record, and its place in the indexes with it. */
  update(
    entry: TaskEntry,
    change: Partial<TaskRecord>,
    place?: Partial<Pick<TaskEntry, "rank" | "lease" | "endedBy">>,
  ): void;
}

/** Makes an empty table. */
export function createTaskTable(): TaskTable {
  const entries = new Map<string, TaskEntry>();
  const line = createWaitingLine();
  const leased = createHeap<"deadlinePlace", TaskEntry>(
    "deadlinePlace",
    (left, right) => (left.lease?.endsAt ?? 0) < (right.lease?.endsAt ?? 0),
  );
  const expiring = createHeap<"deadlinePlace", TaskEntry>(
    "deadlinePlace",
    (left, right) => (left.record.expiresAt ?? 0) < (right.record.expiresAt ?? 0),
  );
  const byEnqueue = createTimeline<TaskEntry>(({ sequence }) => ({ time: sequence, sequence }));
  const byFinishTime = (): Timeline<TaskEntry> =>
    createTimeline(({ record, sequence }) => ({ time: record.finishedAt ?? 0, sequence }));
  const finished = { SUCCESSFUL: byFinishTime(), FAILED: byFinishTime(), CANCELLED: byFinishTime() };
  let sequence = 0;

  const index = (entry: TaskEntry): void => {
    const { status, expiresAt, startedAt } = entry.record;
    if (status === "READY") {
      line.add(entry);
      if (expiresAt !== null && startedAt === null) expiring.add(entry);
    } else if (status === "RUNNING") leased.add(entry);
    else finished[status].add(entry);
  };

  const unindex = (entry: TaskEntry): void => {
    const { status } = entry.record;
    if (status === "READY") {
      line.remove(entry);
      expiring.remove(entry);
    } else if (status === "RUNNING") leased.remove(entry);
    else finished[status].remove(entry);
  };

  return {
    line,
    leased,
    expiring,
    finished,
    byEnqueue,
    get: (id) => entries.get(id),
    values: () => entries.values(),
    insert: (task) => {
      const entry = createTaskEntry(task, ++sequence);
      entries.set(entry.record.id, entry);
      byEnqueue.add(entry);
      index(entry);
      return entry;
    },
    remove: (entry) => {
      unindex(entry);
      byEnqueue.remove(entry);
      entries.delete(entry.record.id);
    },
    update: (entry, change, place) => {
      unindex(entry);
      entry.record = { ...entry.record, ...change };
      if (place !== undefined) Object.assign(entry, place);
      index(entry);
    },
  };
}
