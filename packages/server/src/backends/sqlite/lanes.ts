import type { ClaimRequest } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { STATE } from "./row-mapping.ts";

/** A queue and a path: what one of them holds, a worker either can run or cannot. */
export interface Lane {
  readonly queue: string;
  readonly path: string;
}

/** A lane with its first place in line. */
export interface LaneHead extends Lane {
  /** The lowest rank of the due ones; the earliest time of the later ones. */
  readonly first: number;
}

interface LaneStatements {
  readonly first: string;
  readonly firstPath: string;
  readonly nextPath: string;
  readonly nextQueue: string;
}

/**
 * Finds lanes by jumping along an index, however much each holds.
 *
 * Next path and next queue are looked for apart: for `(queue, path) > (?, ?)` SQLite would read all of the lane before.
 */
function laneStatements(index: string, state: number, column: string): LaneStatements {
  const from = `SELECT queue, path, ${column} AS first FROM taskwright_task INDEXED BY ${index} WHERE state = ${state}`;
  const order = `ORDER BY queue, path, ${column} LIMIT 1`;
  return {
    first: `${from} ${order}`,
    firstPath: `${from} AND queue = ? ${order}`,
    nextPath: `${from} AND queue = ? AND path > ? ${order}`,
    nextQueue: `${from} AND queue > ? ${order}`,
  };
}

const DUE = laneStatements("taskwright_task_due", STATE.due, "rank");
const LATER = laneStatements("taskwright_task_later", STATE.later, "run_after");

/** What a claim may take, told quickly. */
export class LaneFilter {
  readonly #paths: ReadonlySet<string>;
  /** The queues to claim from; null for all. */
  readonly queues: ReadonlySet<string> | null;

  constructor(request: Pick<ClaimRequest, "tasks" | "queues">) {
    this.#paths = new Set(request.tasks.map((task) => task.path));
    this.queues = request.queues === "all" ? null : new Set(request.queues);
  }

  has({ queue, path }: Lane): boolean {
    return this.#paths.has(path) && (this.queues === null || this.queues.has(queue));
  }
}

/** Each lane of one queue, from its first path on. */
function* lanesOfQueue(
  connection: Connection,
  statements: LaneStatements,
  queue: string,
): Iterable<LaneHead> {
  const nextPath = connection.prepare(statements.nextPath);
  let head = connection.prepare(statements.firstPath).get(queue) as LaneHead | undefined;
  while (head !== undefined) {
    yield head;
    head = nextPath.get(queue, head.path) as LaneHead | undefined;
  }
}

function* allLanes(connection: Connection, statements: LaneStatements): Iterable<LaneHead> {
  const nextPath = connection.prepare(statements.nextPath);
  const nextQueue = connection.prepare(statements.nextQueue);
  let head = connection.prepare(statements.first).get() as LaneHead | undefined;
  while (head !== undefined) {
    yield head;
    head = (nextPath.get(head.queue, head.path) ?? nextQueue.get(head.queue)) as LaneHead | undefined;
  }
}

/** Other queues than the named ones are not looked at, however many they are. */
function lanes(connection: Connection, statements: LaneStatements, filter: LaneFilter): LaneHead[] {
  const { queues } = filter;
  const all =
    queues === null
      ? [...allLanes(connection, statements)]
      : [...queues].flatMap((queue) => [...lanesOfQueue(connection, statements, queue)]);
  return all.filter((head) => filter.has(head));
}

/** The lanes with due task results that a worker can run. */
export function dueLanes(connection: Connection, filter: LaneFilter): readonly LaneHead[] {
  return lanes(connection, DUE, filter);
}

/** The lanes with task results for later that a worker can run. */
export function laterLanes(connection: Connection, filter: LaneFilter): readonly LaneHead[] {
  return lanes(connection, LATER, filter);
}

/** Every queue with every path, of the due ones or of those for later. */
export function everyLane(connection: Connection, line: "due" | "later"): readonly LaneHead[] {
  return [...allLanes(connection, line === "due" ? DUE : LATER)];
}
