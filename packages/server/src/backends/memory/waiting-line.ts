import { createHeap, type Heap } from "./heap.ts";
import type { TaskEntry } from "./task-entry.ts";

/** What a worker may take from the line. */
export interface LineRequest {
  readonly paths: Iterable<string>;
  readonly queues: readonly string[] | "all";
  readonly limit: number;
  readonly now: number;
}

/** The READY task results, in lanes of one path and queue, so that nobody walks past what is not theirs. */
export interface WaitingLine {
  readonly laneCount: number;
  add(entry: TaskEntry): void;
  remove(entry: TaskEntry): void;
  /** Takes what is due, lowest rank first. */
  take(request: LineRequest): readonly TaskEntry[];
  /** The earliest `runAfter` after now in these lanes, or null. */
  nextDueAt(request: Omit<LineRequest, "limit">): number | null;
}

interface Lane {
  readonly due: Heap<TaskEntry>;
  readonly later: Heap<TaskEntry>;
  /** Its index in the heap of lanes that a take makes. */
  takePlace: number;
}

function isRankedBefore(left: TaskEntry, right: TaskEntry): boolean {
  return left.rank === right.rank ? left.sequence < right.sequence : left.rank < right.rank;
}

function isDueBefore(left: TaskEntry, right: TaskEntry): boolean {
  return left.record.runAfter < right.record.runAfter;
}

function createLane(): Lane {
  return {
    due: createHeap("linePlace", isRankedBefore),
    later: createHeap("linePlace", isDueBefore),
    takePlace: -1,
  };
}

/** Sorts a lane's heads by what is due now; time may also have gone back, where requests carry unequal clocks. */
function settleLane(lane: Lane, now: number): void {
  for (
    let entry = lane.later.peek();
    entry !== undefined && entry.record.runAfter <= now;
    entry = lane.later.peek()
  ) {
    lane.later.remove(entry);
    lane.due.add(entry);
  }
  for (
    let entry = lane.due.peek();
    entry !== undefined && entry.record.runAfter > now;
    entry = lane.due.peek()
  ) {
    lane.due.remove(entry);
    lane.later.add(entry);
  }
}

/** Makes an empty line. */
export function createWaitingLine(): WaitingLine {
  const lanesByPath = new Map<string, Map<string, Lane>>();

  function* lanesOf(paths: Iterable<string>, queues: readonly string[] | "all"): Iterable<Lane> {
    for (const path of new Set(paths)) {
      const lanes = lanesByPath.get(path);
      if (lanes === undefined) continue;
      if (queues === "all") yield* lanes.values();
      else {
        for (const queue of new Set(queues)) {
          const lane = lanes.get(queue);
          if (lane !== undefined) yield lane;
        }
      }
    }
  }

  const remove = (entry: TaskEntry): void => {
    const { path, queue } = entry.record;
    const lanes = lanesByPath.get(path);
    const lane = lanes?.get(queue);
    if (lanes === undefined || lane === undefined) return;
    lane.due.remove(entry);
    lane.later.remove(entry);
    if (lane.due.size + lane.later.size === 0) lanes.delete(queue);
    if (lanes.size === 0) lanesByPath.delete(path);
  };

  return {
    get laneCount() {
      return [...lanesByPath.values()].reduce((sum, lanes) => sum + lanes.size, 0);
    },
    add: (entry) => {
      const { path, queue } = entry.record;
      const lanes = lanesByPath.get(path) ?? new Map<string, Lane>();
      const lane = lanes.get(queue) ?? createLane();
      lanesByPath.set(path, lanes.set(queue, lane));
      lane.later.add(entry);
    },
    remove,
    take: ({ paths, queues, limit, now }) => {
      const heads = createHeap<"takePlace", Lane>("takePlace", (left, right) =>
        isRankedBefore(left.due.peek() as TaskEntry, right.due.peek() as TaskEntry),
      );
      for (const lane of lanesOf(paths, queues)) {
        settleLane(lane, now);
        if (lane.due.size > 0) heads.add(lane);
      }
      const taken: TaskEntry[] = [];
      for (let lane = heads.peek(); lane !== undefined && taken.length < limit; lane = heads.peek()) {
        heads.remove(lane);
        const entry = lane.due.peek() as TaskEntry;
        remove(entry);
        taken.push(entry);
        settleLane(lane, now);
        if (lane.due.size > 0) heads.add(lane);
      }
      return taken;
    },
    nextDueAt: ({ paths, queues, now }) => {
      let earliest: number | null = null;
      for (const lane of lanesOf(paths, queues)) {
        settleLane(lane, now);
        const runAfter = lane.later.peek()?.record.runAfter;
        if (runAfter !== undefined && (earliest === null || runAfter < earliest)) earliest = runAfter;
      }
      return earliest;
    },
  };
}
