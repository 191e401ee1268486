import type { OutboxRow, OutboxSource } from "../../backend/index.ts";

/** Two sources as one: each row's token says which one it is of. */
export function mergedOutbox(left: OutboxSource, right: OutboxSource): OutboxSource {
  const sources = { l: left, r: right } as const;
  type Side = keyof typeof sources;
  const sides: readonly Side[] = ["l", "r"];
  const sideOf = (row: OutboxRow) => row.token.slice(0, 1) as Side;
  const mark = (row: OutboxRow, side: Side): OutboxRow => ({ ...row, token: side + row.token });
  const unmark = (row: OutboxRow): OutboxRow => ({ ...row, token: row.token.slice(1) });
  const each = async (
    rows: readonly OutboxRow[],
    act: (source: OutboxSource, rows: readonly OutboxRow[]) => Promise<void>,
  ): Promise<void> => {
    for (const side of sides) {
      const own = rows.filter((row) => sideOf(row) === side).map(unmark);
      if (own.length > 0) await act(sources[side], own);
    }
  };
  return {
    watchLeft: (look) => {
      for (const side of sides) sources[side].watchLeft?.(look);
    },
    take: async (request) => {
      const first = await left.take(request);
      const limit = request.limit - first.rows.length;
      const second = limit > 0 ? await right.take({ ...request, limit }) : { rows: [], held: 0 };
      return {
        rows: [...first.rows.map((row) => mark(row, "l")), ...second.rows.map((row) => mark(row, "r"))],
        held: first.held + second.held,
      };
    },
    remove: ({ rows }) => each(rows, (source, own) => source.remove({ rows: own })),
    giveBack: ({ rows }) => each(rows, (source, own) => source.giveBack({ rows: own })),
    refuse: (request) => sources[sideOf(request.row)].refuse({ ...request, row: unmark(request.row) }),
  };
}
