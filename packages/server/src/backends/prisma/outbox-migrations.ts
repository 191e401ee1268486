import type { WrittenMigrations } from "../../backend/index.ts";
import type { MigrationOn } from "../sql/schema-version.ts";
import type { TableNames } from "../sql/table-names.ts";

/*
 * The table of an outbox. A row holds a task as JSON; `destination` is the backend that it is for. `due_at` is 0 for a
 * row that nobody has tried. A relay that takes it puts its token into `taken_by`, and into `due_at` the time at which others
 * may; a refusal by the backend puts the time of the next try there.
 *
 * Where no transaction undoes half a migration, each statement can be run again.
 */

const POSTGRES = ({ outbox }: TableNames): readonly string[] => [
  `CREATE TABLE ${outbox} (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  destination text COLLATE "C" NOT NULL,
  task text NOT NULL,
  due_at bigint NOT NULL DEFAULT 0,
  taken_by text,
  refusals integer NOT NULL DEFAULT 0,
  error text
)`,
  `CREATE INDEX ON ${outbox} (destination, due_at, seq)`,
  `CREATE INDEX ON ${outbox} (id)`,
];

const MYSQL = ({ outbox }: TableNames): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${outbox} (
  seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  destination VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  task LONGTEXT NOT NULL,
  due_at BIGINT NOT NULL DEFAULT 0,
  taken_by CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
  refusals INT NOT NULL DEFAULT 0,
  error LONGTEXT,
  KEY outbox_due (destination, due_at, seq),
  KEY outbox_id (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];

const SQLITE = ({ outbox }: TableNames): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${outbox} (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  destination TEXT NOT NULL,
  task TEXT NOT NULL,
  due_at BIGINT NOT NULL DEFAULT 0,
  taken_by TEXT,
  refusals INTEGER NOT NULL DEFAULT 0,
  error TEXT
)`,
  `CREATE INDEX IF NOT EXISTS ${outbox.replace(/"$/, '_due"')} ON ${outbox} (destination, due_at, seq)`,
  `CREATE INDEX IF NOT EXISTS ${outbox.replace(/"$/, '_id"')} ON ${outbox} (id)`,
];

/** The steps of the outbox's own tables, oldest first, by database; one that has been released never changes. */
export const OUTBOX_MIGRATIONS: Readonly<Record<WrittenMigrations["provider"], readonly MigrationOn[]>> = {
  postgresql: [{ name: "0001_outbox", statements: POSTGRES }],
  mysql: [{ name: "0001_outbox", statements: MYSQL }],
  sqlite: [{ name: "0001_outbox", statements: SQLITE }],
};
