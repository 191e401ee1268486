import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A package as it would be published. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  /** The paths of its files, in order. */
  readonly files: readonly string[];
}

/** Packs a package of this repository into a folder. */
export async function pack(directory: string, into: string): Promise<PackedPackage> {
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into], {
    cwd: join(ROOT, "packages", directory),
  });
  const [packed] = JSON.parse(stdout) as [{ name: string; filename: string; files: { path: string }[] }];
  return {
    name: packed.name,
    tarball: join(into, packed.filename),
    files: packed.files.map(({ path }) => path).sort(),
  };
}

/** Unpacks a tarball to where `npm install` would. */
export async function install(packed: PackedPackage, project: string): Promise<void> {
  const folder = join(project, "node_modules", packed.name);
  await mkdir(folder, { recursive: true });
  await run("tar", ["-xzf", packed.tarball, "-C", folder, "--strip-components=1"]);
}

/** Copies packages that this repository has installed, with all they depend on, so that no network is needed. */
export async function copyInstalled(names: readonly string[], project: string): Promise<void> {
  const missing = [...names];
  const copied = new Set<string>();
  for (let name = missing.pop(); name !== undefined; name = missing.pop()) {
    if (copied.has(name)) continue;
    copied.add(name);
    const from = join(ROOT, "node_modules", name);
    await cp(from, join(project, "node_modules", name), { recursive: true });
    missing.push(...Object.keys((await manifestOf(from)).dependencies ?? {}));
  }
}

/** Links a package of a monorepo into its node_modules. */
export async function link(name: string, project: string, folder: string): Promise<void> {
  const to = join(project, "node_modules", name);
  await mkdir(dirname(to), { recursive: true });
  await symlink(join(project, folder), to, "junction");
}

/** A package's own package.json. */
export async function manifestOf(folder: string): Promise<{
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}
