import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { onTestFinished, type TestContext } from "vitest";
import { onPostgres } from "./postgres-schema.ts";
import { skipWithReason } from "./services.ts";
import { temporaryFolder } from "./sqlite-store.ts";

const INSTALLED = "/usr/lib/postgresql";
const PATIENCE_MS = 20_000;

/** Who runs the server: it refuses to run as root. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** The folder of the newest installed server's programs. */
function programs(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const versions = readdirSync(INSTALLED).sort((left, right) => Number(right) - Number(left));
  return versions
    .map((version) => join(INSTALLED, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

/** The account of the package's user where this process is root; null when there is none. */
function accountOf(): Account | null {
  if (process.getuid?.() !== 0) return {};
  const idOf = (option: string) =>
    Number(execFileSync("id", [option, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: idOf("-u"), gid: idOf("-g") };
  } catch {
    return null;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A server of the test's own, which it may stop and start; it ends with the test. */
export class PostgresServer {
  readonly url: string;
  readonly #program: string;
  readonly #arguments: readonly string[];
  readonly #account: Account;
  #process: ChildProcess | null = null;

  private constructor(place: { bin: string; data: string; port: number; account: Account }) {
    const { bin, data, port, account } = place;
    this.url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    this.#program = join(bin, "postgres");
    this.#account = account;
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
    this.#arguments = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  }

  /** Makes a database in a temporary folder and starts its server; skips the test where none is installed. */
  static async start(context: TestContext): Promise<PostgresServer> {
    const bin = programs();
    const account = accountOf();
    if (bin === undefined || account === null) {
      skipWithReason(context, {
        subject: "postgres",
        reason: `no server is installed in ${INSTALLED}, or root has no account "postgres" to run it with`,
        untested: "restarts of the server",
        obtain: "install PostgreSQL 14 or newer (Debian: apt-get install postgresql)",
      });
    }
    const folder = temporaryFolder();
    if (account.uid !== undefined) chownSync(folder, account.uid, account.gid ?? account.uid);
    const data = join(folder, "data");
    execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], {
      ...account,
      stdio: "ignore",
    });
    const server = new PostgresServer({ bin, data, port: await freePort(), account });
    onTestFinished(() => server.stop("SIGQUIT"));
    await server.start();
    return server;
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    this.#process = spawn(this.#program, this.#arguments, { ...this.#account, cwd: "/", stdio: "ignore" });
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        await onPostgres(this.url, (client) => client.query("SELECT 1"));
        return;
      } catch (error) {
        if (Date.now() > giveUpAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Ends it: SIGINT as a restart does, SIGQUIT as a crash, after which it recovers. */
  async stop(signal: "SIGINT" | "SIGQUIT"): Promise<void> {
    const server = this.#process;
    this.#process = null;
    if (server === null || server.exitCode !== null) return;
    const exited = once(server, "exit");
    server.kill(signal);
    await exited;
  }
}
