import type { Finding } from "../../backend/index.ts";
import { toTaskError } from "./driver-errors.ts";
import type { StoreHandle } from "./opened-store.ts";
import { READ } from "./scripts/read.ts";
import { type ServerInfo, serverInfos } from "./server-check.ts";

function findingsOf({ name, version, role, isAppendOnly, hasSnapshots }: ServerInfo): readonly Finding[] {
  const findings: Finding[] = [
    { level: "ok", message: `${name} ${version} answers; maxmemory-policy is noeviction.` },
  ];
  if (role !== "master" && role !== "")
    findings.push({
      level: "error",
      message: `It is a ${role}, which takes no writes; connect to the master.`,
    });
  if (isAppendOnly) {
    findings.push({
      level: "ok",
      message:
        "Append-only file: with appendfsync everysec a power cut can lose the last second of acknowledged tasks, with always none.",
    });
  } else if (hasSnapshots) {
    findings.push({
      level: "warning",
      message:
        "Snapshots only: a crash of the server loses every task since the last one; turn on the append-only file (appendonly yes).",
    });
  } else {
    findings.push({
      level: "warning",
      message:
        "The server saves nothing: its restart loses every task; turn on the append-only file (appendonly yes).",
    });
  }
  return findings;
}

/** Examines the server, or every master of the cluster, and says what can be lost. */
export async function diagnose(handle: StoreHandle): Promise<readonly Finding[]> {
  let infos: Awaited<ReturnType<typeof serverInfos>>;
  try {
    infos = await serverInfos(handle.client);
    // Whether the user may run scripts, and on all keys.
    await Promise.all(handle.partitions.keys.map((key) => handle.run(READ, key, [])));
  } catch (error) {
    return [{ level: "error", message: toTaskError(error).message }];
  }
  const findings = infos.flatMap((info): readonly Finding[] =>
    info === null
      ? [
          {
            level: "warning",
            message:
              "The user may not read INFO: whether maxmemory-policy is noeviction, and what a crash loses, is unknown.",
          },
        ]
      : findingsOf(info),
  );
  if (infos.length > 1) {
    findings.push({
      level: "warning",
      message:
        "Cluster: a failover loses what its replicas did not have yet; waitForReplicas makes enqueues wait for them.",
    });
  }
  return findings;
}
