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
  "SELECT version() AS version, @@innodb_flush_log_at_trx_commit AS flush, @@read_only AS is_read_only, " +
    "@@max_allowed_packet AS packet, @@character_set_client AS charset, @@log_bin AS has_log, @@binlog_format AS format",
);
const SMALLEST_PACKET = 4 * 1024 * 1024;

function durability(flush: unknown): Finding {
  return Number(flush) === 1
    ? {
        level: "ok",
        message: `No acknowledged task is lost in a power cut (innodb_flush_log_at_trx_commit=${flush}).`,
      }
    : {
        level: "warning",
        message: `The last second's acknowledged tasks may be lost in a crash of the server (innodb_flush_log_at_trx_commit=${flush}).`,
      };
}

/** Examines the database and its settings; what cannot be examined is a finding too. */
export async function diagnose(handle: StoreHandle): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    checkVersion(await readVersion(handle, handle.names), MIGRATIONS.length);
    // Rights are given by table, and those of later migrations may have been forgotten.
    await handle.rows(scheduleReads(handle.names).get, [""]);
    const [row] = await handle.rows(SETTINGS, []);
    const [version, flush, isReadOnly, packet, charset, hasLog, format] = row ?? [];
    const isMariadb = /mariadb/i.test(String(version));
    findings.push(
      isMariadb
        ? { level: "ok", message: `MariaDB ${version}.` }
        : {
            level: "warning",
            message: `MySQL ${version}: its statements are those of MariaDB, which is what is tested.`,
          },
      durability(flush),
    );
    if (Number(isReadOnly) !== 0)
      findings.push({ level: "error", message: "The server is read-only; connect to the primary." });
    if (Number(packet) < SMALLEST_PACKET) {
      findings.push({
        level: "warning",
        message: `max_allowed_packet is ${packet}: larger rows are refused; 16M lets every input through that is allowed.`,
      });
    }
    if (charset !== "utf8mb4") {
      findings.push({
        level: "error",
        message: `The connection speaks ${charset}, which not all text survives; set charset: "UTF8MB4" in the adapter's settings.`,
      });
    }
    if (Number(hasLog) === 1 && String(format) === "STATEMENT") {
      findings.push({
        level: "error",
        message:
          "binlog_format is STATEMENT, which READ COMMITTED transactions cannot be logged in; set it to ROW or MIXED.",
      });
    }
  } catch (error) {
    findings.unshift({ level: "error", message: toTaskError(error).message });
  }
  return findings;
}
