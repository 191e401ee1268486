import type { Finding } from "../../backend/index.ts";
import { toTaskError } from "./driver-errors.ts";
import type { StoreHandle } from "./opened-store.ts";
import { READ } from "./scripts/read.ts";
import { type ServerInfo, serverInfos } from "./server-check.ts";

const WHAT_A_POWER_CUT_TAKES: Readonly<Record<string, Finding>> = {
  always: { level: "ok", message: "Append-only file with appendfsync always: nothing acknowledged is lost." },
  everysec: {
    level: "ok",
    message:
      "Append-only file with appendfsync everysec: a power cut can lose the last second of acknowledged tasks, a crash of the server alone nothing.",
  },
  no: {
    level: "warning",
    message:
      "Append-only file with appendfsync no: a power cut can lose the last half minute of acknowledged tasks; set it to everysec or always.",
  },
};
const APPENDS_SOMEHOW: Finding = {
  level: "ok",
  message:
    "Append-only file: with appendfsync everysec a power cut can lose the last second of acknowledged tasks, with always none.",
};

function persistenceOf({ isAppendOnly, appendFsync, hasSnapshots }: ServerInfo): Finding {
  if (isAppendOnly) return WHAT_A_POWER_CUT_TAKES[appendFsync] ?? APPENDS_SOMEHOW;
  if (hasSnapshots === null)
    return {
      level: "warning",
      message:
        "No append-only file: a restart of the server loses every task, or, if it saves snapshots (CONFIG may not be read), those since the last one.",
    };
  return hasSnapshots
    ? {
        level: "warning",
        message:
          "Snapshots only: a crash of the server loses every task since the last one; turn on the append-only file (appendonly yes).",
      }
    : {
        level: "warning",
        message:
          "The server saves nothing: its restart loses every task; turn on the append-only file (appendonly yes).",
      };
}

function findingsOf(info: ServerInfo): readonly Finding[] {
  const { name, version, role } = info;
  const findings: Finding[] = [
    { level: "ok", message: `${name} ${version} answers; maxmemory-policy is noeviction.` },
  ];
  if (role !== "master" && role !== "")
    findings.push({
      level: "error",
      message: `It is a ${role}, which takes no writes; connect to the master.`,
    });
  return [...findings, persistenceOf(info)];
}

/** Whether processes may tell each other of what is new: without it they look by themselves. */
async function channelFindings(handle: StoreHandle): Promise<readonly Finding[]> {
  const { client, partitions } = handle;
  try {
    await client.call("publish", [`${partitions.channel}:to:nobody`, ""]);
    return [];
  } catch (error) {
    const failure = toTaskError(error);
    if (failure.code !== "BACKEND_INCOMPATIBLE") return [{ level: "error", message: failure.message }];
    return [
      {
        level: "warning",
        message: `The user may not use the channels ${partitions.channel}:*, so nobody is woken: idle workers look every ${handle.wakeups.lookEveryMs / 1_000} s (blockTimeout), and cancels arrive with the next renewal. Give it &${partitions.channel}:* and +@pubsub.`,
      },
    ];
  }
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
  findings.push(...(await channelFindings(handle)));
  if (infos.length > 1) {
    findings.push({
      level: "warning",
      message:
        "Cluster: a failover loses what its replicas did not have yet; waitForReplicas makes enqueues wait for them.",
    });
  }
  return findings;
}
