import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { onRedis } from "../redis-server.ts";
import type { Launch, Place, Recipe } from "./own-server.ts";

/** Settings as they stand in redis.conf, by name: `{ save: '""', appendfsync: "always" }`. */
export type RedisConfig = Readonly<Record<string, string>>;

/** What a server is to be like, where it differs from one that keeps nothing. */
export interface RedisSettings {
  /** Instead of a free port. */
  readonly port?: number;
  readonly config?: RedisConfig;
}

/** Where programs are looked for: folders, the first one first. */
export function redisFolders(path = process.env.PATH ?? ""): string[] {
  return ["/usr/bin", "/usr/local/bin", ...path.split(delimiter)].filter((folder) => folder !== "");
}

/** Every way to a server, the best first: Redis, then Valkey, each from the first folder that has it. */
export function redisRecipes(
  settings: RedisSettings = {},
  folders: readonly string[] = redisFolders(),
): Recipe[] {
  return [...recipesOf("redis", settings, folders), ...valkeyRecipes(settings, folders)];
}

/** Every way to a Valkey server: the one of the first folder that has it. */
export function valkeyRecipes(
  settings: RedisSettings = {},
  folders: readonly string[] = redisFolders(),
): Recipe[] {
  return recipesOf("valkey", settings, folders);
}

function recipesOf(name: "redis" | "valkey", settings: RedisSettings, folders: readonly string[]): Recipe[] {
  const program = folders.map((folder) => join(folder, `${name}-server`)).find((file) => existsSync(file));
  if (program === undefined) return [];
  const prepare = (place: Place) => prepareServer(program, settings, place);
  return [{ source: program, accounts: [name], prepare }];
}

async function prepareServer(
  program: string,
  settings: RedisSettings,
  { folder, port: freePort, account }: Place,
): Promise<Launch> {
  const port = settings.port ?? freePort;
  const config: Record<string, string> = {
    bind: "127.0.0.1",
    port: String(port),
    // Others on this machine can reach the port too.
    requirepass: randomBytes(18).toString("base64url"),
    dir: folder,
    save: '""',
    appendonly: "no",
    ...settings.config,
  };
  // In a file, because everybody can see the arguments of a program.
  const file = join(folder, "redis.conf");
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
  if (account !== null) await chown(file, account.uid, account.gid);

  const password = (config.requirepass as string).replace(/^"(.*)"$/, "$1");
  const credentials = password === "" ? "" : `:${encodeURIComponent(password)}@`;
  const url = `redis://${credentials}127.0.0.1:${port}`;
  return {
    program,
    args: [file],
    url,
    ask: () => onRedis(url, (redis) => redis.ping()),
    endSignal: "SIGKILL",
  };
}
