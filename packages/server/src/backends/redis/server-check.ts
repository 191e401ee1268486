import { TaskError } from "@taskwright/shared";
import { notPermitted, toTaskError } from "./driver-errors.ts";
import type { StoreHandle } from "./opened-store.ts";
import type { RedisClient } from "./redis-client.ts";
import { RIGHTS } from "./scripts/rights.ts";

/** The version of the keys; another one is not read. */
const KEYS_VERSION = "1";

/** What INFO says of one server; null where it may not be asked. */
export interface ServerInfo {
  readonly name: string;
  readonly version: string;
  readonly policy: string;
  readonly role: string;
  readonly isAppendOnly: boolean;
  /** The setting `appendfsync`, or `""` where it may not be asked. */
  readonly appendFsync: string;
  /** Null where it may not be asked. */
  readonly hasSnapshots: boolean | null;
}

function field(text: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1] ?? "";
}

/** A setting; null where it may not be asked, as on many managed servers. */
async function settingOf(client: RedisClient, name: string): Promise<string | null> {
  const found = await client.call("config", ["get", name]).catch(() => null);
  return Array.isArray(found) && typeof found[1] === "string" ? found[1] : null;
}

async function infoOf(client: RedisClient): Promise<ServerInfo | null> {
  const sections = ["server", "memory", "replication", "persistence"];
  const texts: string[] = [];
  for (const section of sections) {
    try {
      texts.push(String(await client.call("info", [section])));
    } catch (error) {
      const failure = toTaskError(error);
      // Who may not read it is only warned.
      if (failure.code === "BACKEND_INCOMPATIBLE") return null;
      throw failure;
    }
  }
  const text = texts.join("\n");
  const save = await settingOf(client, "save");
  const valkey = field(text, "valkey_version");
  return {
    name: valkey === "" ? "Redis" : "Valkey",
    version: valkey === "" ? field(text, "redis_version") : valkey,
    policy: field(text, "maxmemory_policy"),
    role: field(text, "role"),
    isAppendOnly: field(text, "aof_enabled") === "1",
    appendFsync: (await settingOf(client, "appendfsync")) ?? "",
    hasSnapshots: save === null ? null : save !== "",
  };
}

/** What INFO says of the server, or of every master of the cluster. */
export async function serverInfos(client: RedisClient): Promise<readonly (ServerInfo | null)[]> {
  if (client.nodes === undefined) return [await infoOf(client)];
  // One that is given may not have looked yet who its masters are.
  await client.call("time", []);
  return Promise.all(client.nodes("master").map(infoOf));
}

/** Whether a version is at least the one that has what scripts need. */
function isNewEnough({ name, version }: ServerInfo): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return name === "Valkey" || major > 6 || (major === 6 && minor >= 2);
}

/** Checks the servers and marks the keys with their version; throws BACKEND_INCOMPATIBLE. */
export async function checkServers(handle: StoreHandle): Promise<void> {
  const { client, partitions } = handle;
  for (const info of await serverInfos(client).catch((error: unknown) => {
    throw toTaskError(error);
  })) {
    if (info === null) {
      process.emitWarning(
        "The Redis user may not read INFO, so nobody knows whether maxmemory-policy is noeviction; with another one the server may throw tasks away.",
        { type: "TaskwrightWarning", code: "TASKWRIGHT_REDIS_INFO" },
      );
      continue;
    }
    if (!isNewEnough(info)) {
      throw new TaskError({
        code: "BACKEND_INCOMPATIBLE",
        message: `Redis 6.2, Valkey 7.2 or later is needed; this is ${info.name} ${info.version}.`,
      });
    }
    if (info.policy !== "" && info.policy !== "noeviction") {
      throw new TaskError({
        code: "BACKEND_INCOMPATIBLE",
        message: `Redis: maxmemory-policy is ${info.policy}, so the server may throw tasks away when its memory is full; set it to noeviction.`,
      });
    }
  }
  const forbidden = await Promise.all(
    partitions.keys.map((key) => handle.run<readonly string[]>(RIGHTS, key, [])),
  );
  const names = [...new Set(forbidden.flat())];
  if (names.length > 0) throw notPermitted(`may not use ${names.join(", ")} in scripts`);
  const versions = await Promise.all(partitions.keys.map((key) => readVersion(handle, `${key}version`)));
  for (const version of versions) {
    if (version === KEYS_VERSION) continue;
    throw new TaskError({
      code: "BACKEND_INCOMPATIBLE",
      message: `Redis: the keys of the prefix "${handle.options.keyPrefix}" are of version ${version.slice(0, 20)}, and this library writes version ${KEYS_VERSION}; use the same version of @taskwright/server everywhere, or another keyPrefix.`,
    });
  }
}

async function readVersion({ client }: StoreHandle, key: string): Promise<string> {
  try {
    const found = await client.call("get", [key]);
    if (found !== null) return String(found);
    await client.call("set", [key, KEYS_VERSION, "NX"]);
    return String(await client.call("get", [key]));
  } catch (error) {
    throw toTaskError(error);
  }
}
