import { TaskError } from "@taskwright/shared";
import type { ListAnswer, ListRequest, TaskFilter, TaskRecord } from "../../backend/index.ts";
import { WalkedPage } from "../inputs/walked-page.ts";
import type { StoreHandle } from "./opened-store.ts";
import { type RecordFields, toRecord } from "./record-text.ts";
import { LIST } from "./scripts/inspect.ts";

const SMALLEST_PAGE = 20;
const LARGEST_PAGE = 500;

/** Where a walk is: below a sequence, and at that sequence in partitions with a higher number only. */
interface Place {
  readonly seq: number;
  readonly partition: number;
}

/** A task result with its place. */
interface Listed extends Place {
  readonly record: TaskRecord;
}

function parseCursor(cursor: string | null): Place | null {
  if (cursor === null) return null;
  const [, seq, partition] = /^(\d{1,16})-(\d{1,2})$/.exec(cursor) ?? [];
  if (seq !== undefined && partition !== undefined) return { seq: Number(seq), partition: Number(partition) };
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "A cursor must be the nextCursor of an earlier page.",
  });
}

function cursorOf({ seq, partition }: Place): string {
  return `${seq}-${partition}`;
}

/** The indexes that hold what a filter may select. */
function indexesOf({ statuses }: TaskFilter): readonly string[] {
  if (statuses === undefined) return ["open", "SUCCESSFUL", "FAILED", "CANCELLED"];
  if (statuses.length > 0 && statuses.every((status) => status === "RUNNING")) return ["running"];
  return [
    ...new Set(statuses.map((status) => (status === "READY" || status === "RUNNING" ? "open" : status))),
  ];
}

/** Walks back through one partition, page by page. */
async function* walkPartition(
  handle: StoreHandle,
  partition: number,
  filter: TaskFilter,
  from: Place | null,
): AsyncGenerator<Listed> {
  const indexes = indexesOf(filter);
  if (indexes.length === 0) return;
  const key = handle.partitions.keys[partition] ?? "";
  let below = from === null ? "+inf" : String(partition > from.partition ? from.seq + 1 : from.seq);
  for (let size = SMALLEST_PAGE; ; size = Math.min(LARGEST_PAGE, size * 2)) {
    const [isEnd, ...found] = await handle.run<readonly [number, ...(string | RecordFields)[]]>(LIST, key, [
      below,
      size,
      indexes.join(" "),
      filter.path === undefined ? "*" : `=${filter.path}`,
      filter.queue === undefined ? "*" : `=${filter.queue}`,
    ]);
    for (let at = 0; at < found.length; at += 3) {
      below = found[at + 1] as string;
      const record = toRecord(found[at] as string, found[at + 2] as RecordFields);
      if (record !== null) yield { record, seq: Number(below), partition };
    }
    if (isEnd === 1) return;
  }
}

function isAfter(left: Place, right: Place): boolean {
  return left.seq > right.seq || (left.seq === right.seq && left.partition < right.partition);
}

/** Walks back through all partitions by sequence, which is their servers' time. */
async function* walk(handle: StoreHandle, filter: TaskFilter, from: Place | null): AsyncGenerator<Listed> {
  const walks = handle.partitions.keys.map((_, partition) => walkPartition(handle, partition, filter, from));
  const heads = await Promise.all(walks.map((one) => one.next()));
  for (;;) {
    let newest = -1;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      const best = heads[newest];
      if (best === undefined || (best.done !== true && isAfter(head.value, best.value))) newest = index;
    }
    const found = heads[newest];
    if (found === undefined || found.done === true) return;
    yield found.value;
    const next = await walks[newest]?.next();
    if (next !== undefined) heads[newest] = next;
  }
}

/** A page of what a filter selects, the last stored first. */
export async function list(handle: StoreHandle, request: ListRequest): Promise<ListAnswer> {
  const page = new WalkedPage(request);
  for await (const listed of walk(handle, request.filter, parseCursor(request.cursor))) {
    const full = page.look(listed.record, cursorOf(listed));
    if (full !== null) return full;
  }
  return page.end();
}
