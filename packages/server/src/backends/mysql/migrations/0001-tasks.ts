import type { TableNames } from "../../sql/table-names.ts";
import { GATES } from "../statements/input-gates.ts";

/** Text of these columns is compared byte by byte where it is part of a key; elsewhere a column keeps it as it is. */
const OPTIONS = "ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/**
 * Tables for task results, by what happens to them.
 *
 * `task` holds what an enqueue said, and of attempts what was known when the latest one began; a task result that ends at
 * its first attempt never changes it. The others are narrow, and each task result is in one of them: `due` and `later`
 * hold what is READY, in the order of the line and of time, then it is in `running`, then in `finished`. So rows are
 * inserted and deleted, not updated, and no index holds what a claim has to pass over. Times are epoch milliseconds;
 * `status`: 3 SUCCESSFUL, 4 FAILED, 5 CANCELLED. Queues and paths that are compared are UTF-8 in VARBINARY, as every
 * collation of text that both databases have takes "a" and "a " for the same.
 *
 * `lane` names the queues and paths that task results have been stored under: these databases do not reliably find them
 * in an index without reading all of it.
 *
 * `input_leaf` is the index of inputs: a number for each leaf of each input, filled in the background once somebody has
 * filtered on inputs. `input_path` has the tasks' paths that are in it, and the one row of `input_index` says how far it
 * got and until when it is kept. Each enqueue holds a row of `input_gate`, which never change, until its transaction ends.
 *
 * A statement that makes a table commits at once, so each can be run again.
 */
export function tasks(names: TableNames): readonly string[] {
  const { task, due, later, lane, running, finished, deduplication } = names;
  const { inputIndex, inputPath, inputLeaf, inputGate } = names;
  return [
    `CREATE TABLE IF NOT EXISTS ${task} (
  seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  path VARCHAR(800) NOT NULL,
  queue VARCHAR(400) NOT NULL,
  priority SMALLINT NOT NULL,
  \`rank\` BIGINT NOT NULL,
  run_after BIGINT NOT NULL,
  enqueued_at BIGINT NOT NULL,
  expires_at BIGINT,
  codec VARCHAR(100) NOT NULL,
  input LONGTEXT,
  max_retries INT NOT NULL,
  policy LONGTEXT,
  parent_id VARCHAR(255),
  schedule_id VARCHAR(255),
  tags LONGTEXT,
  deduplication_key CHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  attempts INT NOT NULL DEFAULT 0,
  retries_used INT NOT NULL DEFAULT 0,
  lost_attempts INT NOT NULL DEFAULT 0,
  started_at BIGINT,
  last_attempted_at BIGINT,
  worker_ids LONGTEXT,
  errors LONGTEXT,
  progress LONGTEXT,
  UNIQUE KEY task_id (id),
  KEY task_parent (parent_id, seq)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${due} (
  queue VARBINARY(400) NOT NULL,
  path VARBINARY(800) NOT NULL,
  \`rank\` BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  run_after BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (queue, path, \`rank\`, seq),
  KEY due_expiry (expires_at)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${later} (
  queue VARBINARY(400) NOT NULL,
  path VARBINARY(800) NOT NULL,
  run_after BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  \`rank\` BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (queue, path, run_after, seq),
  KEY later_expiry (expires_at)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${lane} (
  queue VARBINARY(400) NOT NULL,
  path VARBINARY(800) NOT NULL,
  PRIMARY KEY (queue, path)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${running} (
  seq BIGINT NOT NULL PRIMARY KEY,
  queue VARBINARY(400) NOT NULL,
  lease_token BIGINT NOT NULL,
  lease_expires_at BIGINT NOT NULL,
  lease_uncounted TINYINT NOT NULL DEFAULT 0,
  cancel_requested TINYINT NOT NULL DEFAULT 0,
  worker_id TEXT NOT NULL,
  attempted_at BIGINT,
  progress LONGTEXT
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${finished} (
  seq BIGINT NOT NULL PRIMARY KEY,
  status TINYINT NOT NULL,
  queue VARBINARY(400) NOT NULL,
  finished_at BIGINT NOT NULL,
  lease_token BIGINT,
  worker_id TEXT,
  attempted_at BIGINT,
  output LONGTEXT,
  error LONGTEXT,
  progress LONGTEXT,
  KEY finished_status (status, finished_at),
  KEY finished_queue (status, queue)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${deduplication} (
  \`key\` CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  until BIGINT NOT NULL,
  KEY deduplication_until (until)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${inputIndex} (
  id SMALLINT NOT NULL PRIMARY KEY,
  is_asked TINYINT NOT NULL DEFAULT 0,
  kept_until BIGINT NOT NULL DEFAULT 0,
  indexed_to BIGINT NOT NULL DEFAULT 0,
  next_end BIGINT,
  awaited TEXT
) ${OPTIONS}`,
    `INSERT INTO ${inputIndex} (id) VALUES (1) ON DUPLICATE KEY UPDATE id = 1`,
    `CREATE TABLE IF NOT EXISTS ${inputPath} (
  path VARBINARY(800) NOT NULL PRIMARY KEY
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${inputLeaf} (
  hash BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (hash, seq),
  KEY input_leaf_seq (seq)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${inputGate} (
  id SMALLINT NOT NULL PRIMARY KEY
) ${OPTIONS}`,
    `INSERT INTO ${inputGate} (id) VALUES ${GATES.map((id) => `(${id})`).join(", ")} ON DUPLICATE KEY UPDATE id = id`,
  ];
}
