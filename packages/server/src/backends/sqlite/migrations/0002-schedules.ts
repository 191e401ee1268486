/**
 * A table for schedules: cron rules, when each is due next, and what its ticks enqueue.
 *
 * `is_paused` is 0 or 1, and `next_run_at` null for what is not due at any time. Each save adds one to `revision`.
 */
export const schedules: readonly string[] = [
  `CREATE TABLE taskwright_schedule (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    codec TEXT NOT NULL,
    input TEXT,
    options TEXT,
    misfire TEXT NOT NULL,
    is_paused INTEGER NOT NULL,
    next_run_at BIGINT,
    last_run_at BIGINT,
    last_task_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    paused_at BIGINT,
    resumed_at BIGINT,
    revision BIGINT NOT NULL
  )`,
  `CREATE INDEX taskwright_schedule_next ON taskwright_schedule (next_run_at, id) WHERE next_run_at IS NOT NULL`,
  `CREATE INDEX taskwright_schedule_path ON taskwright_schedule (path, id)`,
];
