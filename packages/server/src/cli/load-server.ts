import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnyRouter } from "@taskwright/shared";
import { createJiti } from "jiti";
import type { TaskServer } from "../create-task-server.ts";
import { ConfigError } from "./cli-error.ts";
import { configFailure } from "./config-failure.ts";

const ACCEPTED =
  'It must give what createTaskServer() made: as its default export or one named "server" or "config", plain, as { server }, or from a function.';

/** As long as a config may take to load. */
const PATIENCE_S = 10;

/** Enough to lead from a deep import back to the config. */
const STACK_FRAMES = 100;

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

/** Rejects when a config takes so long that it may never end, as a top-level await can. */
async function inTime<T>(loading: Promise<T>, path: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = `${path} gave no server within ${PATIENCE_S} s.`;
      reject(
        new ConfigError(message, "A top-level await in it, or the function that it exports, does not end."),
      );
    }, PATIENCE_S * 1_000);
  });
  return Promise.race([loading, late]).finally(() => clearTimeout(timer));
}

/** Loads a config file and gives its server. Throws ConfigError with the places in the user's own code. */
export async function loadServer(path: string): Promise<TaskServer<AnyRouter>> {
  // Wrapping every module to merge its default export would slow down each access that handlers make.
  const jiti = createJiti(pathToFileURL(`${dirname(path)}/`).href, { interopDefault: false });
  let module: Readonly<Record<string, unknown>> = {};
  const load = async () => {
    let what = "could not be loaded";
    try {
      module = await jiti.import<Readonly<Record<string, unknown>>>(path);
      what = "gave no server: its function threw";
      return await serverOf(module);
    } catch (error) {
      throw new ConfigError(`${path} ${what}.`, configFailure(error, path), error);
    }
  };
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_FRAMES;
  const server = await inTime(load(), path).finally(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  if (isServer(server)) return server;
  throw new ConfigError(`${path} gives no server: ${describe(module)}.`, ACCEPTED);
}
