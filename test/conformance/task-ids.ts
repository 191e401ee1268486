import { randomUUID } from "node:crypto";
import type { TaskStore } from "@taskwright/server/backend";

/** What the ids of a case depend on. */
interface IdMaker {
  readonly store?: TaskStore;
  /** Moves an id to the part of the store in which the case is to happen. */
  readonly gather?: (id: string) => string;
}

let maker: IdMaker = {};

/** Makes ids as the case wants them that begins now; a file runs one case at a time. */
export function makeIdsWith(next: IdMaker): void {
  maker = next;
}

/** A new id, where core would put a task with this deduplication key. */
export function newTaskId(deduplicationKey: string | undefined): string {
  const id = randomUUID();
  if (maker.gather !== undefined) return maker.gather(id);
  return deduplicationKey === undefined ? id : (maker.store?.placeId?.({ id, deduplicationKey }) ?? id);
}
