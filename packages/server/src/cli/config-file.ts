import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "./cli-error.ts";

const NAMES = [
  "taskwright.config.ts",
  "taskwright.config.mts",
  "taskwright.config.js",
  "taskwright.config.mjs",
];

const EXAMPLE = `Make one, or name one with --config:

  // taskwright.config.ts
  import { server } from "./server.ts"; // what createTaskServer() made
  export default server;`;

function kindOfEntry(path: string): "file" | "folder" | "nothing" {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "nothing";
  return stats.isDirectory() ? "folder" : "file";
}

/** A config file, and whether it was found by looking rather than named. */
export interface ConfigFile {
  readonly path: string;
  readonly wasNamed: boolean;
}

/** Finds the config file: the named one, else the nearest from a folder upwards. Throws ConfigError. */
export function findConfigFile(folder: string, named: string | undefined): ConfigFile {
  if (named !== undefined) {
    const path = resolve(folder, named);
    const kind = kindOfEntry(path);
    if (kind === "file") return { path, wasNamed: true };
    throw new ConfigError(
      kind === "folder"
        ? `--config names a folder: ${path}`
        : `--config names a file that is not there: ${path}`,
      kind === "folder" ? "Name the file in it." : null,
    );
  }
  for (let looking = resolve(folder); ; looking = dirname(looking)) {
    for (const name of NAMES) {
      const path = join(looking, name);
      if (kindOfEntry(path) === "file") return { path, wasNamed: false };
    }
    if (dirname(looking) === looking) break;
  }
  throw new ConfigError(
    `No config file. Looked for taskwright.config.ts, .mts, .js and .mjs in ${resolve(folder)} and in every folder above it.`,
    EXAMPLE,
  );
}
