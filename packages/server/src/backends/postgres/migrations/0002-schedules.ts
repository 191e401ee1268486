import type { TableNames } from "../../sql/table-names.ts";

/**
 * A table for schedules: cron rules, when each is due next, and what its ticks enqueue.
 *
 * `next_run_at` is null for what is not due at any time. Each save adds one to `revision`.
 */
export function schedules({ schedule }: TableNames): readonly string[] {
  return [
    `CREATE TABLE ${schedule} (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  path text COLLATE "C" NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  codec text NOT NULL,
  input text,
  options text,
  misfire text NOT NULL,
  is_paused boolean NOT NULL,
  next_run_at bigint,
  last_run_at bigint,
  last_task_id text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  paused_at bigint,
  resumed_at bigint,
  revision bigint NOT NULL
)`,
    `CREATE INDEX ON ${schedule} (next_run_at, id) WHERE next_run_at IS NOT NULL`,
    `CREATE INDEX ON ${schedule} (path, id)`,
  ];
}
