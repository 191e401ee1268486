import type { TaskInspector } from "../../backend/index.ts";
import { type ListingDialect, listPage } from "../sql/listing.ts";
import { countsOf } from "../sql/queue-counts.ts";
import type { StoreHandle } from "./opened-store.ts";
import { bytesOf } from "./statements/fragments.ts";
import { countByQueue } from "./statements/maintenance.ts";

/** The inspector facet on MariaDB and MySQL. */
export function mysqlTaskInspector(handle: StoreHandle): TaskInspector {
  const dialect: ListingDialect = {
    names: handle.names,
    rows: (statement, values) => handle.rows(statement, values),
    parameter: () => "?",
    // By itself the first half finds by an index, but takes "a" and "a " for the same.
    isText: (column, addParameter) =>
      `${column} = ${addParameter()} AND ${bytesOf(column)} = ${bytesOf(addParameter())}`,
    hasText: (column, parameter) => `json_contains(${column}, json_quote(${parameter}))`,
  };
  return {
    list: (request) => listPage(dialect, request),
    countByQueue: async ({ now }) => countsOf(await handle.rows(countByQueue(handle.names), [now, now])),
  };
}
