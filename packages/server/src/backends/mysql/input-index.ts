import type { InputIndexStore } from "../sql/input-index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { partsBySize } from "./statement-size.ts";
import { GATES } from "./statements/input-gates.ts";
import { inputIndexStatements } from "./statements/input-index.ts";

/** The index of inputs on MariaDB and MySQL. */
export function mysqlInputIndex(handle: StoreHandle): InputIndexStore {
  const on = inputIndexStatements(handle.names);
  return {
    state: async () => {
      const [found] = await handle.rows(on.state, []);
      if (found === undefined) return null;
      const [isAsked, keptUntil, indexedTo, nextEnd, hasLeaves, hasNew] = found;
      return {
        isAsked: Number(isAsked) === 1,
        keptUntil: Number(keptUntil),
        indexedTo: Number(indexedTo),
        nextEnd: nextEnd === null ? null : Number(nextEnd),
        hasLeaves: Number(hasLeaves) === 1,
        hasNew: Number(hasNew) === 1,
      };
    },
    ask: async () => void (await handle.change(on.ask, [])),
    keep: async (until) => void (await handle.change(on.keep, [until])),
    reset: async () => void (await handle.change(on.reset, [])),

    chooseEnd: async () => {
      const [row] = await handle.rows(on.newest, []);
      const end = Number(row?.[0] ?? 0);
      await handle.change(on.choose, [end, JSON.stringify(GATES)]);
      return end;
    },

    isSettled: async (end) => {
      const [row] = await handle.rows(on.awaited, [end]);
      if (typeof row?.[0] !== "string") return false;
      const awaited = JSON.parse(row[0]) as number[];
      if (awaited.length === 0) return true;
      const rows = await handle.transaction((executor) => executor.rows(on.freeGates, []));
      const free = new Set(rows.map(([id]) => Number(id)));
      const left = awaited.filter((gate) => !free.has(gate));
      if (left.length < awaited.length) await handle.change(on.await, [JSON.stringify(left), end, row[0]]);
      return left.length === 0;
    },

    read: async (from, to, count) => {
      // In a transaction for its isolation: a session's own may hide what somebody deletes and then does not.
      const rows = await handle.transaction((executor) => executor.rows(on.read, [from, to, count]), true);
      return rows.map(([seq, path, input, codec]) => ({
        seq: Number(seq),
        path: path as string,
        input: input as string | null,
        codec: codec as string,
      }));
    },

    store: ({ leaves, paths, from, to }) =>
      handle.transaction(async (executor) => {
        if ((await executor.change(on.move, [to, from])) === 0) return false;
        if (paths.length > 0) await executor.change(on.insertPaths, [JSON.stringify(paths)]);
        for (const { json } of partsBySize(leaves, (leaf) => JSON.stringify(leaf)))
          await executor.change(on.insertLeaves, [json]);
        return true;
      }, true),

    dropOrphans: async (limit) => {
      const [row] = await handle.rows(on.oldest, []);
      const values = [Number(row?.[0] ?? 0), limit];
      await handle.transaction((executor) => executor.change(on.dropOrphans, values), true);
    },

    drop: (limit) =>
      handle.transaction(async (executor) => {
        const [unwanted] = await executor.rows(on.lockUnwanted, []);
        return unwanted === undefined ? 0 : executor.change(on.drop, [limit]);
      }, true),

    paths: async (limit) => (await handle.rows(on.paths, [limit])).map(([path]) => path as string),
    size: async (hashes, limit) => {
      const [row] = await handle.rows(on.size, [JSON.stringify(hashes), limit]);
      return Number(row?.[0]);
    },
  };
}
