/**
 * Tables for task results and deduplication keys.
 *
 * `state`: 0 READY and due later, 1 READY and due, 2 RUNNING, 3 SUCCESSFUL, 4 FAILED, 5 CANCELLED. Times are epoch
 * milliseconds; BIGINT is INTEGER to SQLite, and tells Prisma that they are large. Each index holds the rows of some states only, so that a claim never slows with what is finished or due
 * later, and ends with the columns that its counts need.
 *
 * `taskwright_input_leaf` is the index of inputs: a number for each leaf of each input, filled in the background once
 * somebody has filtered on inputs. `taskwright_input_path` has the tasks' paths that are in it, and the one row of
 * `taskwright_input_index` says how far it got and until when it is kept.
 */
export const tasks: readonly string[] = [
  `CREATE TABLE taskwright_task (
    seq INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    queue TEXT NOT NULL,
    state INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    rank BIGINT NOT NULL,
    run_after BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    retries_used INTEGER NOT NULL DEFAULT 0,
    lost_attempts INTEGER NOT NULL DEFAULT 0,
    max_retries INTEGER NOT NULL,
    lease_token BIGINT,
    lease_expires_at BIGINT,
    lease_uncounted INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    enqueued_at BIGINT NOT NULL,
    started_at BIGINT,
    last_attempted_at BIGINT,
    previous_attempted_at BIGINT,
    finished_at BIGINT,
    expires_at BIGINT,
    codec TEXT NOT NULL,
    input TEXT,
    policy TEXT,
    parent_id TEXT,
    schedule_id TEXT,
    deduplication_key TEXT,
    tags TEXT,
    worker_ids TEXT,
    progress TEXT,
    errors TEXT,
    output TEXT
  )`,
  `CREATE INDEX taskwright_task_due ON taskwright_task (queue, path, rank, seq, run_after) WHERE state = 1`,
  `CREATE INDEX taskwright_task_later ON taskwright_task (queue, path, run_after) WHERE state = 0`,
  `CREATE INDEX taskwright_task_running ON taskwright_task (lease_expires_at, queue) WHERE state = 2`,
  `CREATE INDEX taskwright_task_finished ON taskwright_task (state, queue, finished_at) WHERE state >= 3`,
  `CREATE INDEX taskwright_task_expiring ON taskwright_task (expires_at) WHERE expires_at IS NOT NULL AND state <= 1 AND attempts = 0`,
  `CREATE INDEX taskwright_task_parent ON taskwright_task (parent_id) WHERE parent_id IS NOT NULL`,
  `CREATE TABLE taskwright_deduplication (
    key TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    until BIGINT NOT NULL
  ) WITHOUT ROWID`,
  `CREATE INDEX taskwright_deduplication_until ON taskwright_deduplication (until)`,
  `CREATE TABLE taskwright_input_index (
    id INTEGER NOT NULL PRIMARY KEY,
    is_asked INTEGER NOT NULL DEFAULT 0,
    kept_until BIGINT NOT NULL DEFAULT 0,
    indexed_to INTEGER NOT NULL DEFAULT 0
  )`,
  `INSERT INTO taskwright_input_index (id) VALUES (1)`,
  `CREATE TABLE taskwright_input_path (
    path TEXT NOT NULL PRIMARY KEY
  ) WITHOUT ROWID`,
  `CREATE TABLE taskwright_input_leaf (
    hash BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (hash, seq)
  ) WITHOUT ROWID`,
  `CREATE INDEX taskwright_input_leaf_seq ON taskwright_input_leaf (seq)`,
];
