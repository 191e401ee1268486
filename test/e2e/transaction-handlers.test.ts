import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createTaskClient } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { postgresBackend } from "@taskwright/server/postgres";
import { describe, expect, onTestFinished, type TestContext, test, vi } from "vitest";
import { makeMariadbCallersTable, mariadbCallersOf } from "../conformance/mariadb-callers.ts";
import { findMariadb, MARIADB_EXERCISE } from "../conformance/mariadb-cases.ts";
import { openStore as openOnMariadb } from "../conformance/open-mariadb.ts";
import { openStore as openOnPg, schemaOf } from "../conformance/open-postgres.ts";
import { openStore as openOnPrisma } from "../conformance/open-prisma.ts";
import { makeCallersTable, poolCallersOf, prismaCallersOf } from "../conformance/postgres-callers.ts";
import { findPostgres, postgresExercise } from "../conformance/postgres-cases.ts";
import type { CallersDatabase, StoreContext } from "../conformance/store-fixture.ts";
import { generateClient } from "../harness/prisma/generated-client.ts";
import { type FoundService, type MissingService, skipUnlessFound } from "../harness/services.ts";
import { temporaryFolder } from "../harness/sqlite-store.ts";
import { ledger } from "./fixtures/ledger-contract.ts";
import type { KillStep, LedgerOrders } from "./fixtures/ledger-worker.ts";

/** A database whose backend runs handlers in transactions. */
interface Ledger {
  readonly name: string;
  readonly service: FoundService | MissingService;
  /** The module that the worker's process opens it with. */
  readonly opener: URL;
  prepare(context: StoreContext): Promise<{ table: string; remove: () => Promise<void> }>;
  openStore(context: StoreContext): Promise<Backend>;
  openCallers(table: string): Promise<CallersDatabase>;
}

const postgres = await findPostgres();
if (postgres.found) await generateClient();
const mariadb = await findMariadb();
if (mariadb.found) await generateClient("mysql");

async function preparePostgres(
  context: StoreContext,
): Promise<{ table: string; remove: () => Promise<void> }> {
  const { open, remove } = postgresExercise((_context, url) =>
    postgresBackend({ url, schema: schemaOf(context) }),
  );
  const backend = await open(context);
  await backend.close();
  return { table: await makeCallersTable(context), remove: async () => remove?.(context) };
}

const LEDGERS: readonly Ledger[] = [
  {
    name: "postgres",
    service: postgres,
    opener: new URL("./fixtures/ledger-on-pg.ts", import.meta.url),
    prepare: preparePostgres,
    openStore: openOnPg,
    openCallers: poolCallersOf,
  },
  {
    name: "prisma (PostgreSQL)",
    service: postgres,
    opener: new URL("./fixtures/ledger-on-prisma.ts", import.meta.url),
    prepare: preparePostgres,
    openStore: openOnPrisma,
    openCallers: prismaCallersOf,
  },
  {
    name: "prisma (MariaDB)",
    service: mariadb,
    opener: new URL("./fixtures/ledger-on-mariadb.ts", import.meta.url),
    prepare: async (context) => {
      const backend = await MARIADB_EXERCISE.open(context);
      await backend.close();
      const remove = async () => MARIADB_EXERCISE.remove?.(context);
      return { table: await makeMariadbCallersTable(context), remove };
    },
    openStore: openOnMariadb,
    openCallers: mariadbCallersOf,
  },
];

/** The steps of an attempt, and whether what it did stays when its process is killed there. */
const STEPS: readonly (readonly [KillStep, "stays" | "is undone"])[] = [
  ["before the handler writes", "is undone"],
  ["after the handler has written", "is undone"],
  ["before the completion is stored", "is undone"],
  ["before the commit", "is undone"],
  ["after the commit", "stays"],
];

const PATIENCE = "40s";
/** How long a server may take to notice that a client is gone. */
const SETTLED = { timeout: 5_000, interval: 50 };

/** A ledger of this test's own, and the processes that work on it. */
class LedgerUnderTest {
  readonly callers: CallersDatabase;
  readonly client: ReturnType<typeof createTaskClient<typeof ledger>>;
  readonly #orders: Omit<LedgerOrders, "step">;

  private constructor(
    callers: CallersDatabase,
    client: ReturnType<typeof createTaskClient<typeof ledger>>,
    orders: Omit<LedgerOrders, "step">,
  ) {
    this.callers = callers;
    this.client = client;
    this.#orders = orders;
  }

  static async open(test: TestContext, ledgerKind: Ledger): Promise<LedgerUnderTest> {
    const { service, opener, prepare, openStore, openCallers, name } = ledgerKind;
    skipUnlessFound(test, service, `killing processes that run handlers in transactions on ${name}`);
    const context = { namespace: `kill${randomBytes(6).toString("hex")}`, directory: temporaryFolder() };
    const { table, remove } = await prepare(context);
    const callers = await openCallers(table);
    const client = createTaskClient(ledger, { backend: await openStore(context) });
    onTestFinished(async () => {
      await client.close();
      await callers.close();
      await remove();
    });
    return new LedgerUnderTest(callers, client, { opener: opener.href, context, table });
  }

  /** Starts a process that works, and is killed at a step. */
  async work(step: KillStep | null): Promise<ChildProcess> {
    const orders: LedgerOrders = { ...this.#orders, step };
    const program = fileURLToPath(new URL("./fixtures/ledger-worker.ts", import.meta.url));
    const child = fork(program, [JSON.stringify(orders)], { stdio: "inherit" });
    onTestFinished(async () => kill(child));
    return child;
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

describe.each(LEDGERS)("$name", (ledgerKind) => {
  test.for(STEPS)(
    "what a handler in a transaction did when its process is killed %s %s",
    async ([step, fate], test) => {
      const opened = await LedgerUnderTest.open(test, ledgerKind);
      const { callers, client } = opened;
      const result = await client.tasks.post.delay({ line: "once" });
      const mortal = await opened.work(step);
      const [, signal] = await once(mortal, "exit");
      expect(signal).toBe("SIGKILL");
      const isKept = fate === "stays";
      await vi.waitFor(async () => {
        expect(await callers.lines()).toEqual(isKept ? ["once"] : []);
        expect(await result.status()).toBe(isKept ? "SUCCESSFUL" : "RUNNING");
      }, SETTLED);
      await opened.work(null);
      expect(await result.get({ timeout: PATIENCE })).toEqual({ attempt: isKept ? 1 : 2 });
      expect(await callers.lines()).toEqual(["once"]);
    },
  );

  test("a handler that takes longer than its lease and than the 5 s that Prisma gives transactions commits", async (test) => {
    const opened = await LedgerUnderTest.open(test, ledgerKind);
    const result = await opened.client.tasks.post.delay({ line: "slow", ms: 6_000 });
    await opened.work(null);
    expect(await result.get({ timeout: PATIENCE })).toEqual({ attempt: 1 });
    expect(await opened.callers.lines()).toEqual(["slow"]);
  });

  test("processes killed at any moment leave of each task all or nothing, and in the end once", {
    timeout: 90_000,
  }, async (test) => {
    const opened = await LedgerUnderTest.open(test, ledgerKind);
    const { callers, client } = opened;
    const inputs = Array.from({ length: 60 }, (_, n) => ({ line: `line ${n}`, ms: 20 }));
    const results = await client.tasks.post.enqueueMany(inputs);
    // One more would be the third loss of a task that is caught each time, which is then given up.
    for (let round = 0; round < 2; round++) {
      const worker = await opened.work(null);
      await once(worker, "message");
      await new Promise((resolve) => setTimeout(resolve, 50 + 60 * Math.random()));
      await kill(worker);
      // Nothing runs now; a commit that was on its way may still be carried out between the two looks.
      await vi.waitFor(async () => {
        const lines = await callers.lines();
        const records = await Promise.all(results.map((result) => result.refresh()));
        const done = records.flatMap(({ status }, n) => (status === "SUCCESSFUL" ? [`line ${n}`] : []));
        expect(lines).toEqual(done.sort());
      }, SETTLED);
    }
    await opened.work(null);
    await Promise.all(results.map((result) => result.get({ timeout: PATIENCE })));
    expect(await callers.lines()).toEqual(inputs.map(({ line }) => line).sort());
  });
});
