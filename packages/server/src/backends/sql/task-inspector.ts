import type { QueueCounts, TaskInspector } from "../../backend/index.ts";
import { scanLimitOf } from "../inputs/bounded-scan.ts";
import { count, type InputListingDialect, listBounded } from "./input-listing.ts";
import { listPage } from "./listing.ts";

/** What the facet needs of a dialect. */
export interface InspectorDialect extends InputListingDialect {
  countByQueue(request: { readonly now: number; readonly cap?: number }): Promise<readonly QueueCounts[]>;
}

/** The inspector facet on a dialect. */
export function sqlTaskInspector(dialect: InspectorDialect): Required<TaskInspector> {
  return {
    list: (request) => {
      const scanLimit = scanLimitOf(request);
      return scanLimit === undefined
        ? listPage(dialect, request)
        : listBounded(dialect, { ...request, scanLimit });
    },
    count: (request) => count(dialect, request),
    countByQueue: (request) => dialect.countByQueue(request),
  };
}
