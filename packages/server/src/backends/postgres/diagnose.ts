import type { Finding } from "../../backend/index.ts";
import { checkVersion } from "../sql/schema-version.ts";
import { statementOf } from "../sql/statement-of.ts";
import { toTaskError } from "./driver-errors.ts";
import { readVersion } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { scheduleReads } from "./statements/schedules.ts";

const SETTINGS = statementOf(
  "settings",
  "SELECT current_setting('server_version') AS version, current_setting('synchronous_commit') AS synchronous_commit, " +
    "current_setting('fsync') AS fsync, pg_is_in_recovery() AS is_replica, " +
    "current_setting('default_transaction_isolation') AS isolation",
);

function durability(synchronousCommit: unknown, fsync: unknown): Finding {
  const isSafe = synchronousCommit !== "off" && fsync === "on";
  return isSafe
    ? {
        level: "ok",
        message: `No acknowledged task is lost in a power cut (synchronous_commit=${synchronousCommit}).`,
      }
    : {
        level: "warning",
        message: `The last acknowledged tasks may be lost in a crash of the server (synchronous_commit=${synchronousCommit}, fsync=${fsync}).`,
      };
}

/** Examines the database and the pool; what cannot be examined is a finding too. */
export async function diagnose(
  handle: StoreHandle,
  pool: { readonly canListen: boolean },
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (!pool.canListen) {
    findings.push({
      level: "warning",
      message:
        "The pool has a single connection, so none can LISTEN: idle workers look at every interval instead of being told. Give the pool at least 2 (max).",
    });
  }
  try {
    checkVersion(await readVersion(handle, handle.names), MIGRATIONS.length);
    // Rights are given by table, and those of later migrations may have been forgotten.
    await handle.rows(scheduleReads(handle.names).get, [""]);
    const [row] = await handle.rows(SETTINGS, []);
    const [version, synchronousCommit, fsync, isReplica, isolation] = row ?? [];
    findings.unshift(
      { level: "ok", message: `PostgreSQL ${version}.` },
      durability(synchronousCommit, fsync),
    );
    if (isReplica === true) {
      findings.push({
        level: "error",
        message: "This is a replica, which cannot be written; connect to the primary.",
      });
    }
    if (isolation !== "read committed") {
      findings.push({
        level: "warning",
        message: `default_transaction_isolation is ${isolation}: claims are undone for conflicts and run again, which is slow; ALTER ROLE … SET default_transaction_isolation = 'read committed'.`,
      });
    }
  } catch (error) {
    findings.unshift({ level: "error", message: toTaskError(error).message });
  }
  return findings;
}
