import type { TaskInspector } from "../../backend/index.ts";
import { type ListingDialect, listPage } from "../sql/listing.ts";
import { countsOf } from "../sql/queue-counts.ts";

import type { StoreHandle } from "./opened-store.ts";

/** The inspector facet on PostgreSQL. */
export function postgresTaskInspector(handle: StoreHandle): TaskInspector {
  const dialect: ListingDialect = {
    names: handle.names,
    rows: (statement, values) => handle.rows(statement, values),
    parameter: (number) => `$${number}`,
    isText: (column, addParameter) => `${column} = ${addParameter()}`,
    hasText: (column, parameter) => `${column}::jsonb ? ${parameter}`,
  };
  return {
    list: (request) => listPage(dialect, request),
    countByQueue: async ({ now }) => countsOf(await handle.rows(handle.statements.countByQueue, [now])),
  };
}
