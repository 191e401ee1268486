import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnyRouter } from "@taskwright/shared";
import { createJiti } from "jiti";
import type { TaskServer } from "../create-task-server.ts";
import { ConfigError } from "./cli-error.ts";

const ACCEPTED =
  'It must give what createTaskServer() made: as its default export or one named "server" or "config", plain, as { server }, or from a function.';

/** Frames of what loads the config: not the user's to read. */
const OWN_FRAME =
  /node_modules[\\/]jiti[\\/]|\(?node:internal|[\\/]cli[\\/](load-server|app|run-cli|main)\.[jt]s/;

function userStack(thrown: unknown): string {
  if (!(thrown instanceof Error))
    return `It threw something that is no error: ${typeof thrown === "string" ? thrown : typeof thrown}`;
  const text = thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  const lines = text.split("\n").filter((line) => !(/^\s+at /.test(line) && OWN_FRAME.test(line)));
  const { cause } = thrown;
  return cause === undefined ? lines.join("\n") : `${lines.join("\n")}\n[cause] ${userStack(cause)}`;
}

function isServer(value: unknown): value is TaskServer<AnyRouter> {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<TaskServer<AnyRouter>>;
  return typeof candidate["~engine"] === "object" && typeof candidate.executor === "object";
}

/** What a config module offers, in the order in which it is tried. */
function offered(module: Readonly<Record<string, unknown>>): unknown {
  return module.default ?? module.server ?? module.config;
}

function describe(module: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(module)
    .filter((name) => name !== "__esModule")
    .sort();
  if (names.length === 0) return "it exports nothing";
  const kinds = names
    .slice(0, 5)
    .map((name) => `${name} (${module[name] === null ? "null" : typeof module[name]})`);
  return `it exports ${kinds.join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}

async function serverOf(module: Readonly<Record<string, unknown>>): Promise<unknown> {
  const found = offered(module);
  const given: unknown = typeof found === "function" ? await found() : await found;
  if (isServer(given) || typeof given !== "object" || given === null) return given;
  const { server } = given as { readonly server?: unknown };
  return server;
}

/** Loads a config file and gives its server. Throws ConfigError with the user's own stack. */
export async function loadServer(path: string): Promise<TaskServer<AnyRouter>> {
  // Wrapping every module to merge its default export would slow down each access that handlers make.
  const jiti = createJiti(pathToFileURL(`${dirname(path)}/`).href, { interopDefault: false });
  let module: Readonly<Record<string, unknown>> | null = null;
  let server: unknown;
  try {
    module = await jiti.import<Readonly<Record<string, unknown>>>(path);
    server = await serverOf(module);
  } catch (error) {
    const what = module === null ? "could not be loaded" : "gave no server: its function threw";
    throw new ConfigError(`${path} ${what}.`, userStack(error), error);
  }
  if (isServer(server)) return server;
  throw new ConfigError(`${path} gives no server: ${describe(module)}.`, ACCEPTED);
}
