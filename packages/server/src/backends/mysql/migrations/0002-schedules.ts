import type { TableNames } from "../../sql/table-names.ts";

/**
 * A table for schedules: cron rules, when each is due next, and what its ticks enqueue.
 *
 * `next_run_at` is null for what is not due at any time. Each save adds one to `revision`. Paths are UTF-8 in VARBINARY, as
 * in the tables of the first migration.
 */
export function schedules({ schedule }: TableNames): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${schedule} (
  id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(800) NOT NULL,
  path VARBINARY(800) NOT NULL,
  cron VARCHAR(250) NOT NULL,
  time_zone VARCHAR(100) NOT NULL,
  codec VARCHAR(100) NOT NULL,
  input LONGTEXT,
  options LONGTEXT,
  misfire VARCHAR(10) NOT NULL,
  is_paused TINYINT NOT NULL,
  next_run_at BIGINT,
  last_run_at BIGINT,
  last_task_id VARCHAR(255),
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  paused_at BIGINT,
  resumed_at BIGINT,
  revision BIGINT NOT NULL,
  KEY schedule_next (next_run_at, id),
  KEY schedule_path (path, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  ];
}
