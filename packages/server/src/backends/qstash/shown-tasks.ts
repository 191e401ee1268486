import type { ListRequest, TaskFilter, TaskInspector, TaskRecord } from "../../backend/index.ts";
import { UNSENT_PATH, UNSENT_QUEUE } from "./unsent-tasks.ts";

/** How many further pages are read to fill one from which notes were left out. */
const MOST_PAGES = 20;

/** Whether notes may be among what a filter selects. */
function mayHaveNotes({ path, queue }: TaskFilter): boolean {
  return (path ?? UNSENT_PATH) === UNSENT_PATH && (queue ?? UNSENT_QUEUE) === UNSENT_QUEUE;
}

/** The facet of lists and counts of a store, without the notes of what is unsent: those are no task results of anybody's. */
export function withoutNotes(inspector: TaskInspector): TaskInspector {
  const { count } = inspector;
  return {
    list: async (request) => {
      let answer = await inspector.list(request);
      if (!mayHaveNotes(request.filter)) return answer;
      const shown = (records: readonly TaskRecord[]) => records.filter(({ path }) => path !== UNSENT_PATH);
      let records = shown(answer.records);
      for (let page = 0; page < MOST_PAGES && answer.nextCursor !== null; page++) {
        const limit = request.limit - records.length;
        if (limit === 0 || answer.scan !== undefined) break;
        const next: ListRequest = { ...request, cursor: answer.nextCursor, offset: 0, limit };
        answer = await inspector.list(next);
        records = [...records, ...shown(answer.records)];
      }
      return { ...answer, records };
    },
    ...(count === undefined
      ? {}
      : {
          count: async (request) => {
            const { filter, cap, scanLimit } = request;
            if (!mayHaveNotes(filter)) return count(request);
            const notes = await count({
              filter: { ...filter, path: UNSENT_PATH },
              cap: scanLimit,
              scanLimit,
            });
            const all = await count({ filter, cap: cap + notes.count, scanLimit });
            const others = all.count - notes.count;
            return { count: Math.max(0, Math.min(cap, others)), isExact: all.isExact && notes.isExact };
          },
        }),
    countByQueue: async (request) =>
      (await inspector.countByQueue(request)).filter(({ queue }) => queue !== UNSENT_QUEUE),
  };
}
