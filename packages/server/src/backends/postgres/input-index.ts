import type { InputIndexStore } from "../sql/input-index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { inputIndexStatements } from "./statements/input-index.ts";

/** The index of inputs on PostgreSQL. */
export function postgresInputIndex(handle: StoreHandle): InputIndexStore {
  const on = inputIndexStatements(handle.names);
  return {
    state: async () => {
      const [found] = await handle.rows(on.state, []);
      if (found === undefined) return null;
      const [isAsked, keptUntil, indexedTo, nextEnd, hasLeaves, hasNew] = found;
      return {
        isAsked: isAsked === true,
        keptUntil: Number(keptUntil),
        indexedTo: Number(indexedTo),
        nextEnd: nextEnd === null ? null : Number(nextEnd),
        hasLeaves: hasLeaves === true,
        hasNew: hasNew === true,
      };
    },
    ask: async () => void (await handle.rows(on.ask, [])),
    keep: async (until) => void (await handle.rows(on.keep, [until])),
    reset: async () => void (await handle.rows(on.reset, [])),
    chooseEnd: async () => {
      const [row] = await handle.rows(on.nextEnd, []);
      return Number(row?.[0] ?? 0);
    },
    isSettled: async (end) => {
      const [row] = await handle.rows(on.isSettled, [end]);
      return row?.[0] === true;
    },
    read: async (from, to, count) => {
      const rows = await handle.rows(on.read, [from, to, count]);
      return rows.map(([seq, path, input, codec]) => ({
        seq: Number(seq),
        path: path as string,
        input: input as string | null,
        codec: codec as string,
      }));
    },
    store: async ({ leaves, paths, from, to }) => {
      const [row] = await handle.rows(on.store, [JSON.stringify(leaves), JSON.stringify(paths), from, to]);
      return row?.[0] === true;
    },
    dropOrphans: async (limit) => void (await handle.rows(on.dropOrphans, [limit])),
    drop: async (limit) => {
      const [row] = await handle.rows(on.drop, [limit]);
      return Number(row?.[0]);
    },
    paths: async (limit) => (await handle.rows(on.paths, [limit])).map(([path]) => path as string),
    size: async (hashes, limit) => {
      const [row] = await handle.rows(on.size, [JSON.stringify(hashes), limit]);
      return Number(row?.[0]);
    },
  };
}
