import type { TaskInspector } from "../../backend/index.ts";
import type { IndexChoice, Source } from "../sql/input-listing.ts";
import { countsOf } from "../sql/queue-counts.ts";
import { RECORD_COLUMNS, recordSource } from "../sql/row-mapping.ts";
import { sqlTaskInspector } from "../sql/task-inspector.ts";
import { countByQueueCapped } from "./capped-counts.ts";
import { mysqlInputIndex } from "./input-index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { bytesOf, elementsOf } from "./statements/fragments.ts";
import { inputIndexStatements } from "./statements/input-index.ts";
import { countByQueue } from "./statements/maintenance.ts";

/** How many selections one statement joins. */
const MOST_PARTS = 200;

/** The index has little under these hashes: all of it is sorted. */
function sorted(leaf: string, hashes: readonly number[]): Source {
  return (sql, { before, above, count }) => {
    sql.add(JSON.stringify(hashes));
    return `SELECT DISTINCT l.seq FROM ${elementsOf("number")} STRAIGHT_JOIN ${leaf} l FORCE INDEX (PRIMARY) ON l.hash = i.value
      WHERE l.seq < ${before()} AND l.seq > ${above()} ORDER BY l.seq DESC LIMIT ${count()}`;
  };
}

/** The index has much under these hashes: of each so many are taken from the upper end. */
function merged(leaf: string, hashes: readonly number[]): Source {
  return (_, { before, above, count }) => {
    const parts = hashes.map(
      (
        hash,
      ) => `(SELECT seq FROM ${leaf} FORCE INDEX (PRIMARY) WHERE hash = ${hash} AND seq < ${before()} AND seq > ${above()}
        ORDER BY seq DESC LIMIT ${count()})`,
    );
    return `SELECT DISTINCT found.seq FROM (${parts.join(" UNION ALL ")}) found ORDER BY found.seq DESC LIMIT ${count()}`;
  };
}

async function fromIndex(handle: StoreHandle, { hashes, isCounted }: IndexChoice): Promise<Source | null> {
  const { inputLeaf } = handle.names;
  if (isCounted) return sorted(inputLeaf, hashes);
  // Most tasks have nothing under a hash of their own.
  const firsts = await handle.rows(inputIndexStatements(handle.names).firsts, [JSON.stringify(hashes)]);
  const found = firsts.filter(([, seq]) => seq !== null).map(([hash]) => Number(hash));
  return found.length > MOST_PARTS ? null : merged(inputLeaf, found);
}

/** The inspector facet on MariaDB and MySQL. */
export function mysqlTaskInspector(handle: StoreHandle): Required<TaskInspector> {
  const { names } = handle;
  return sqlTaskInspector({
    names,
    index: mysqlInputIndex(handle),
    rows: (statement, values) => handle.rows(statement, values),
    parameter: () => "?",
    // By itself the first half finds by an index, but takes "a" and "a " for the same.
    isText: (column, addParameter) =>
      `${column} = ${addParameter()} AND ${bytesOf(column)} = ${bytesOf(addParameter())}`,
    hasText: (column, parameter) => `json_contains(${column}, json_quote(${parameter}))`,

    lookUp: (table, alias) =>
      `LEFT JOIN ${table} ${alias} FORCE INDEX (PRIMARY) ON ${alias}.seq = source.seq`,
    fromIndex: (choice) => fromIndex(handle, choice),
    // The array is the parameter of the elements.
    readBySeq: (_, conditions) => `SELECT ${RECORD_COLUMNS} FROM ${elementsOf("number")}
      STRAIGHT_JOIN ${recordSource(names).replace(" t ", " t FORCE INDEX (PRIMARY) ON t.seq = i.value ")} WHERE true${conditions}`,

    countByQueue: async ({ now, cap }) =>
      cap === undefined
        ? countsOf(await handle.rows(countByQueue(names), [now, now]))
        : countByQueueCapped(handle, now, cap),
  });
}
