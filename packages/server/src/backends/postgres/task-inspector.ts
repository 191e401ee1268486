import type { TaskInspector } from "../../backend/index.ts";
import { countsOf } from "../sql/queue-counts.ts";
import { RECORD_COLUMNS, recordSource } from "../sql/row-mapping.ts";
import { sqlTaskInspector } from "../sql/task-inspector.ts";
import { postgresInputIndex } from "./input-index.ts";
import type { StoreHandle } from "./opened-store.ts";

/** The inspector facet on PostgreSQL. */
export function postgresTaskInspector(handle: StoreHandle): Required<TaskInspector> {
  const { names } = handle;
  return sqlTaskInspector({
    names,
    index: postgresInputIndex(handle),
    rows: (statement, values) => handle.rows(statement, values),
    parameter: (number) => `$${number}`,
    isText: (column, addParameter) => `${column} = ${addParameter()}`,
    hasText: (column, parameter) => `${column}::jsonb ? ${parameter}`,

    // Each row is looked up by itself: a plan made while the tables were small would otherwise read them whole for ever.
    lookUp: (table, alias) =>
      `LEFT JOIN LATERAL (SELECT * FROM ${table} x WHERE x.seq = source.seq LIMIT 1) ${alias} ON true`,
    fromIndex:
      async ({ hashes }) =>
      (sql, { before, above, count }) =>
        `SELECT DISTINCT found.seq
        FROM json_array_elements_text(${sql.add(JSON.stringify(hashes))}::json) AS wanted(hash) CROSS JOIN LATERAL (
          SELECT l.seq FROM ${names.inputLeaf} l
          WHERE l.hash = wanted.hash::bigint AND l.seq < ${before()} AND l.seq > ${above()}
          ORDER BY l.seq DESC LIMIT ${count()}) found
        ORDER BY found.seq DESC LIMIT ${count()}`,
    readBySeq: (seqs, conditions) => `SELECT record.*
      FROM json_array_elements_text(${seqs}::json) AS wanted(seq) CROSS JOIN LATERAL (
        SELECT ${RECORD_COLUMNS} FROM ${recordSource(names)} WHERE t.seq = wanted.seq::bigint${conditions} LIMIT 1) record`,

    countByQueue: async ({ now, cap }) => {
      const { countByQueue, countByQueueCapped } = handle.statements;
      return cap === undefined
        ? countsOf(await handle.rows(countByQueue, [now]))
        : countsOf(await handle.rows(countByQueueCapped, [now, cap]), cap);
    },
  });
}
