import type { SaveScheduleRequest, ScheduleStore } from "../../backend/index.ts";
import type { SqlExecutor, Statement } from "./executor.ts";
import { toSchedule } from "./schedule-mapping.ts";
import { isStorable } from "./storable-text.ts";

const ID = /^[\w.:-]{1,100}$/;

/** The facet of schedules as far as every dialect has it; ids say nothing of places. */
export type SqlScheduleStore = Required<Omit<ScheduleStore, "placeId" | "sync">>;

/** What the facet needs of a dialect. */
export interface ScheduleDialect extends SqlExecutor {
  /** Statements that give rows of `SCHEDULE_COLUMNS`. */
  readonly reads: {
    /** By its id. */
    readonly get: Statement;
    /** After an id, at most so many. */
    readonly list: Statement;
    /** Of a path, after an id, at most so many. */
    readonly listOfPath: Statement;
    /**
     * Takes the time twice, a JSON array of paths, and the limit. Gives the earliest time that is to come, in a column
     * before the others, with each that is due, earliest first; with columns of NULL where none is.
     */
    readonly due: Statement;
  };
  /** Stores a schedule and its tasks in one transaction, if it is the next revision; tells whether it was. */
  save(request: SaveScheduleRequest): Promise<boolean>;
  /** Tells whether it was there. */
  remove(id: string): Promise<boolean>;
}

/** The schedules facet on a dialect. */
export function sqlScheduleStore(dialect: ScheduleDialect): SqlScheduleStore {
  const { reads } = dialect;
  return {
    save: async (request) => ((await dialect.save(request)) ? "saved" : "changed"),

    get: async ({ id }) => {
      // What is no id is nowhere, whatever a collation takes it for.
      const [row] = ID.test(id) ? await dialect.rows(reads.get, [id]) : [];
      return row === undefined ? null : toSchedule(row);
    },

    list: async ({ after, path, limit }) => {
      if (path !== undefined && !isStorable(path)) return [];
      const page = [after ?? "", limit];
      const rows = await (path === undefined
        ? dialect.rows(reads.list, page)
        : dialect.rows(reads.listOfPath, [path, ...page]));
      return rows.map(toSchedule);
    },

    delete: async ({ id }) => (ID.test(id) && (await dialect.remove(id)) ? "deleted" : "not-found"),

    due: async ({ paths, limit, now }) => {
      const json = JSON.stringify(paths.filter(isStorable));
      const rows = await dialect.rows(reads.due, [now, now, json, limit]);
      const nextRunAt = rows[0]?.[0] ?? null;
      return {
        schedules: rows.filter(([, id]) => id !== null).map(([, ...row]) => toSchedule(row)),
        nextRunAt: nextRunAt === null ? null : Number(nextRunAt),
      };
    },
  };
}
