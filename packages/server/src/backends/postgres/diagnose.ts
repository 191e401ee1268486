import type { Finding } from "../../backend/index.ts";
import { toTaskError } from "./driver-errors.ts";
import { checkVersion, readVersion } from "./migrate.ts";
import type { StoreHandle } from "./opened-store.ts";
import { statementOf } from "./statements/statement-of.ts";

const SETTINGS = statementOf(
  "settings",
  "SELECT current_setting('server_version'), current_setting('synchronous_commit'), current_setting('fsync'), pg_is_in_recovery()",
);

/** Examines the database; what cannot be examined is a finding too. */
export async function diagnose(handle: StoreHandle): Promise<readonly Finding[]> {
  try {
    checkVersion(await readVersion(handle, handle.names));
    const [row] = await handle.rows(SETTINGS, []);
    const [version, synchronousCommit, fsync, isReplica] = row ?? [];
    const isSafe = synchronousCommit !== "off" && fsync === "on";
    return [
      { level: "ok", message: `PostgreSQL ${version}.` },
      isSafe
        ? {
            level: "ok",
            message: `No acknowledged task is lost in a power cut (synchronous_commit=${synchronousCommit}).`,
          }
        : {
            level: "warning",
            message: `The last acknowledged tasks may be lost in a crash of the server (synchronous_commit=${synchronousCommit}, fsync=${fsync}).`,
          },
      ...(isReplica === true
        ? [
            {
              level: "error",
              message: "This is a replica, which cannot be written; connect to the primary.",
            } as const,
          ]
        : []),
    ];
  } catch (error) {
    return [{ level: "error", message: toTaskError(error).message }];
  }
}
