import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";
import { recordUntested, type Untested } from "./untested-report.ts";

/** Lists, with commas, the services whose absence fails a test instead of skipping it. CI sets it. */
export const REQUIRE_VARIABLE = "TASKWRIGHT_TEST_REQUIRE";

const CONNECT_TIMEOUT_MS = 1_000;

/** The user that PostgreSQL's own programs connect as; its driver takes it from a variable that containers do not set. */
function systemUser(): string {
  try {
    return encodeURIComponent(userInfo().username);
  } catch {
    // The system does not know who runs this.
    return "postgres";
  }
}

interface ServiceDescription {
  /** The environment variable that names it; it wins over everything else. */
  readonly variable: string;
  /** Where it stands by default. Absent where another service owns the port and a connection cannot tell them apart. */
  readonly standard?: { readonly url: string; readonly host: string; readonly port: number };
  /** For programs: the names to look for in PATH. */
  readonly programs?: readonly string[];
  readonly obtain: string;
}

/**
 * Every service that a test may ask for, and where it is looked for: first its environment variable, then its standard
 * port on this machine, then PATH. What is marked with * is started for a run of the tests where it is neither named nor
 * on its port, by own-servers/provide-servers.ts, which then names it in the variable.
 *
 * | service  | variable                     | else                                |
 * | -------- | ---------------------------- | ----------------------------------- |
 * | postgres | TASKWRIGHT_TEST_POSTGRES_URL | 127.0.0.1:5432 *                    |
 * | mariadb  | TASKWRIGHT_TEST_MARIADB_URL  | 127.0.0.1:3306 *                    |
 * | mysql    | TASKWRIGHT_TEST_MYSQL_URL    | (MariaDB's port: only the variable) |
 * | redis    | TASKWRIGHT_TEST_REDIS_URL    | 127.0.0.1:6379 *                    |
 * | valkey   | TASKWRIGHT_TEST_VALKEY_URL   | (Redis's port: only the variable) * |
 * | chromium | TASKWRIGHT_TEST_CHROMIUM     | chromium, google-chrome in PATH     |
 *
 * Whether a server can be used (its version, a database that may be created and dropped) is for the backend's own
 * harness to find out.
 */
const SERVICES = {
  postgres: {
    variable: "TASKWRIGHT_TEST_POSTGRES_URL",
    standard: { url: `postgresql://${systemUser()}@127.0.0.1:5432/postgres`, host: "127.0.0.1", port: 5432 },
    obtain: "install PostgreSQL 14 or newer (Debian: apt-get install postgresql)",
  },
  mariadb: {
    variable: "TASKWRIGHT_TEST_MARIADB_URL",
    standard: { url: "mysql://127.0.0.1:3306", host: "127.0.0.1", port: 3306 },
    obtain: "install MariaDB 10.6 or newer (Debian: apt-get install mariadb-server)",
  },
  mysql: {
    variable: "TASKWRIGHT_TEST_MYSQL_URL",
    obtain: "start MySQL 8.0.11 or newer",
  },
  redis: {
    variable: "TASKWRIGHT_TEST_REDIS_URL",
    standard: { url: "redis://127.0.0.1:6379", host: "127.0.0.1", port: 6379 },
    obtain: "install and start Redis 6.2 or newer (Debian: apt-get install redis-server)",
  },
  valkey: {
    variable: "TASKWRIGHT_TEST_VALKEY_URL",
    obtain: "install Valkey 7.2 or newer, so that valkey-server is in PATH",
  },
  chromium: {
    variable: "TASKWRIGHT_TEST_CHROMIUM",
    programs: ["chromium", "chromium-browser", "google-chrome"],
    obtain: "install Chromium (Debian: apt-get install chromium)",
  },
} as const satisfies Record<string, ServiceDescription>;

/** A service that tests may ask for. */
export type ServiceName = keyof typeof SERVICES;

/** The service is there. */
export interface FoundService {
  readonly found: true;
  readonly name: ServiceName;
  /** The URL of a server, or the path of a program. */
  readonly location: string;
  readonly origin: "environment" | "standard port" | "PATH";
}

/** The service is not there. Give it to {@link skipUnlessFound} in every test that needs it. */
export interface MissingService {
  readonly found: false;
  readonly name: ServiceName;
  /** Where it was looked for, and what was found instead. */
  readonly reason: string;
  readonly obtain: string;
  /** Its absence is a failure: it is listed in TASKWRIGHT_TEST_REQUIRE, or its own variable names a dead one. */
  readonly required: boolean;
}

/** The environment variable that names a service. */
export function serviceVariable(name: ServiceName): string {
  return SERVICES[name].variable;
}

/** The environment variable in which a run tells its tests why it could not start a service. */
export function notStartedVariable(name: ServiceName): string {
  return `TASKWRIGHT_TEST_${name.toUpperCase()}_NOT_STARTED`;
}

/** Looks for a service on this machine, on another `port` than its standard one if told so; never throws because it is missing. */
export async function findService(
  name: ServiceName,
  environment: NodeJS.ProcessEnv = process.env,
  port?: number,
): Promise<FoundService | MissingService> {
  const { variable, standard, programs }: ServiceDescription = SERVICES[name];
  const named = environment[variable];
  if (named) {
    const problem = programs ? programProblem(named) : await urlProblem(named);
    if (problem === undefined) return { found: true, name, location: named, origin: "environment" };
    return { ...missingService(name, `${variable} is set, but ${problem}`, environment), required: true };
  }

  const looked = [`${variable} is not set`];
  if (standard) {
    const problem = await connectProblem(standard.host, port ?? standard.port);
    if (problem === undefined) return { found: true, name, location: standard.url, origin: "standard port" };
    looked.push(problem);
  }
  const notStarted = environment[notStartedVariable(name)];
  if (notStarted) looked.push(`none could be started: ${notStarted}`);
  if (programs) {
    const path = findProgram(programs, environment.PATH ?? "");
    if (path !== undefined) return { found: true, name, location: path, origin: "PATH" };
    looked.push(`${programs.join(", ")}: none is in PATH`);
  }
  return missingService(name, looked.join("; "), environment);
}

/** Tells that a service is not there, for a reason given as a sentence without its full stop. */
export function missingService(
  name: ServiceName,
  reason: string,
  environment: NodeJS.ProcessEnv = process.env,
): MissingService {
  const { variable, obtain } = SERVICES[name];
  const required = requiredServices(environment).has(name);
  return { found: false, name, reason, obtain: `${obtain}, or set ${variable}`, required };
}

/** The services that TASKWRIGHT_TEST_REQUIRE lists. Throws if it lists one that does not exist. */
export function requiredServices(environment: NodeJS.ProcessEnv = process.env): ReadonlySet<string> {
  const listed = environment[REQUIRE_VARIABLE] ?? "";
  const names = listed.split(",").flatMap((name) => name.trim() || []);
  const unknown = names.find((name) => !Object.hasOwn(SERVICES, name));
  if (unknown !== undefined) {
    const known = Object.keys(SERVICES).join(", ");
    throw new Error(`${REQUIRE_VARIABLE} lists ${JSON.stringify(unknown)}; it can list ${known}.`);
  }
  return new Set(names);
}

/**
 * Ends the test as skipped, with a reason that is printed at the end of the run. For a promise that a backend does not
 * keep, `subject` is the backend, `untested` the promise, and there is nothing to `obtain`.
 */
export function skipWithReason(context: Pick<TestContext, "skip">, entry: Untested): never {
  recordUntested(entry);
  context.skip(`${entry.subject}: ${entry.reason}`);
  throw new Error("unreachable: skip() ends the test");
}

/**
 * Skips the test, with the printed reason, if the service is missing; fails it if the service is required. Call it
 * first in a test or in `beforeEach`; `untested` says what is left out, alike for all tests of one kind.
 */
export function skipUnlessFound(
  context: Pick<TestContext, "skip">,
  service: FoundService | MissingService,
  untested: string,
): asserts service is FoundService {
  if (service.found) return;
  const { name, reason, obtain, required } = service;
  if (required) throw new Error(`${name} is required here: ${reason}. To get it: ${obtain}.`);
  skipWithReason(context, { subject: name, reason, untested, obtain });
}

async function urlProblem(url: string): Promise<string | undefined> {
  if (!URL.canParse(url)) return "it is no URL";
  const { protocol, hostname, port } = new URL(url);
  if (hostname === "") return undefined; // a Unix socket: only its driver can tell
  const standardPort = Object.values<ServiceDescription>(SERVICES).find(({ standard }) => {
    return (
      standard !== undefined &&
      new URL(standard.url).protocol === protocol.replace("postgres:", "postgresql:")
    );
  })?.standard?.port;
  const target = port === "" ? standardPort : Number(port);
  if (target === undefined) return "it names no port";
  return connectProblem(hostname.replace(/^\[|\]$/g, ""), target);
}

function connectProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (problem?: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => settle(`${host}:${port} does not answer within 1 s`));
    socket.once("connect", () => settle());
    socket.once("error", () => settle(`nothing answers on ${host}:${port}`));
  });
}

function programProblem(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return "there is no program at that path";
  }
}

function findProgram(names: readonly string[], searchPath: string): string | undefined {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== "");
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find((candidate) => programProblem(candidate) === undefined);
}
