import type { TableNames } from "../../sql/table-names.ts";

/**
 * Tables for task results, by what happens to them.
 *
 * `task` holds what an enqueue said, and of attempts what was known when the latest one began; a task result that ends at
 * its first attempt never changes it. The others are narrow, and each task result is in one of them: `due` and `later`
 * hold what is READY, in the order of the line and of time, then it is in `running`, then in `finished`. So rows are
 * inserted and deleted, not updated, and no index holds what a claim has to pass over. Times are epoch milliseconds;
 * `status`: 3 SUCCESSFUL, 4 FAILED, 5 CANCELLED.
 *
 * `input_leaf` is the index of inputs: a number for each leaf of each input, filled in the background once somebody has
 * filtered on inputs. `input_path` has the tasks' paths that are in it, and the one row of `input_index` says how far it
 * got and until when it is kept.
 */
export function tasks(names: TableNames): readonly string[] {
  const { task, due, later, running, finished, deduplication, listener, inputIndex, inputPath, inputLeaf } =
    names;
  return [
    `CREATE TABLE ${task} (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  path text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL,
  priority smallint NOT NULL,
  rank bigint NOT NULL,
  run_after bigint NOT NULL,
  enqueued_at bigint NOT NULL,
  expires_at bigint,
  codec text NOT NULL,
  input text,
  max_retries integer NOT NULL,
  policy text,
  parent_id text,
  schedule_id text,
  tags text,
  deduplication_key text,
  attempts integer NOT NULL DEFAULT 0,
  retries_used integer NOT NULL DEFAULT 0,
  lost_attempts integer NOT NULL DEFAULT 0,
  started_at bigint,
  last_attempted_at bigint,
  worker_ids text,
  errors text,
  progress text
)`,
    `CREATE INDEX ON ${task} (parent_id, seq) WHERE parent_id IS NOT NULL`,
    `CREATE TABLE ${due} (
  queue text COLLATE "C" NOT NULL,
  path text COLLATE "C" NOT NULL,
  rank bigint NOT NULL,
  seq bigint NOT NULL,
  run_after bigint NOT NULL,
  expires_at bigint,
  PRIMARY KEY (queue, path, rank, seq)
)`,
    `CREATE INDEX ON ${due} (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE TABLE ${later} (
  queue text COLLATE "C" NOT NULL,
  path text COLLATE "C" NOT NULL,
  run_after bigint NOT NULL,
  seq bigint NOT NULL,
  rank bigint NOT NULL,
  expires_at bigint,
  PRIMARY KEY (queue, path, run_after, seq)
)`,
    `CREATE INDEX ON ${later} (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE TABLE ${running} (
  seq bigint PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  lease_token bigint NOT NULL,
  lease_expires_at bigint NOT NULL,
  lease_uncounted boolean NOT NULL DEFAULT false,
  cancel_requested boolean NOT NULL DEFAULT false,
  worker_id text NOT NULL,
  attempted_at bigint,
  progress text
) WITH (fillfactor = 70)`,
    `CREATE TABLE ${finished} (
  seq bigint PRIMARY KEY,
  status smallint NOT NULL,
  queue text COLLATE "C" NOT NULL,
  finished_at bigint NOT NULL,
  lease_token bigint,
  worker_id text,
  attempted_at bigint,
  output text,
  error text,
  progress text
)`,
    `CREATE INDEX ON ${finished} (status, queue, finished_at)`,
    `CREATE TABLE ${deduplication} (
  key text COLLATE "C" PRIMARY KEY,
  id uuid NOT NULL,
  until bigint NOT NULL
)`,
    `CREATE INDEX ON ${deduplication} (until)`,
    `CREATE TABLE ${listener} (
  id uuid PRIMARY KEY,
  queues text[],
  awaits_ready boolean NOT NULL,
  awaits_results boolean NOT NULL,
  until bigint NOT NULL
)`,
    `CREATE TABLE ${inputIndex} (
  id smallint PRIMARY KEY,
  is_asked boolean NOT NULL DEFAULT false,
  kept_until bigint NOT NULL DEFAULT 0,
  indexed_to bigint NOT NULL DEFAULT 0,
  next_end bigint,
  awaited text
)`,
    `INSERT INTO ${inputIndex} (id) VALUES (1)`,
    `CREATE TABLE ${inputPath} (
  path text COLLATE "C" PRIMARY KEY
)`,
    `CREATE TABLE ${inputLeaf} (
  hash bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (hash, seq)
)`,
    `CREATE INDEX ON ${inputLeaf} (seq)`,
  ];
}
