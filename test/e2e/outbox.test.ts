import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  createTaskClient,
  createTaskServer,
  type Host,
  systemHost,
  type TaskServer,
} from "@taskwright/server";
import { createWorker } from "@taskwright/server/worker";
import { describe, expect, onTestFinished, type TestContext, test, vi } from "vitest";
import { findMariadb } from "../conformance/mariadb-cases.ts";
import { findPostgres } from "../conformance/postgres-cases.ts";
import { generateClient, type TestPrismaClient } from "../harness/prisma/generated-client.ts";
import { skipUnlessFound } from "../harness/services.ts";
import { temporaryFolder } from "../harness/sqlite-store.ts";
import { orders } from "./fixtures/outbox-contract.ts";
import type { OutboxOrders, OutboxStep } from "./fixtures/outbox-process.ts";
import { openShared, PLACES } from "./fixtures/outbox-store.ts";

const services = { postgres: await findPostgres(), mariadb: await findMariadb() };
if (services.postgres.found) await generateClient();
if (services.mariadb.found) await generateClient("mysql");

const PATIENCE = { timeout: 20_000, interval: 50 };

/** A machine some time ahead of that of processes which died: what they held is free. */
const LATER: Host = { ...systemHost, wallTime: () => systemHost.wallTime() + 20_000 };

/** One that never looks again for what it has enqueued, and leaves that to others. */
const WITHOUT_TIMERS: Host = { ...systemHost, setTimer: () => () => {} };

/** The steps of a relay, and whether the task runs when its process is killed there. */
const STEPS: readonly (readonly [OutboxStep, "never was" | "runs once"])[] = [
  ["before the commit", "never was"],
  ["after the commit", "runs once"],
  ["when its relay has taken the row", "runs once"],
  ["when the store has the task", "runs once"],
  ["when the row is gone", "runs once"],
];

/** An outbox and a store of this test's own, and the processes that use them. */
class OutboxUnderTest {
  readonly server: TaskServer<typeof orders>;
  readonly client: TestPrismaClient;
  readonly ran: number[] = [];
  readonly #orders: Omit<OutboxOrders, "work" | "step">;

  private constructor(
    opened: Awaited<ReturnType<typeof openShared>>,
    orderList: Omit<OutboxOrders, "work" | "step">,
  ) {
    this.client = opened.client;
    this.#orders = orderList;
    this.server = createTaskServer({
      tasks: orders,
      backend: opened.backend,
      handlers: { bill: ({ input }) => void this.ran.push(input.n) },
      logger: false,
      host: LATER,
    });
  }

  static async open(context: TestContext, place: keyof typeof PLACES): Promise<OutboxUnderTest> {
    skipUnlessFound(context, services[place], `killing processes that relay from ${place}`);
    const store = { namespace: `kill${randomBytes(6).toString("hex")}`, directory: temporaryFolder() };
    await PLACES[place].make(store);
    const opened = await openShared(place, store);
    await opened.backend.schema?.migrate();
    const made = new OutboxUnderTest(opened, { place, context: store });
    onTestFinished(async () => {
      await made.server.close();
      await opened.client.$disconnect();
      await PLACES[place].remove(store);
    });
    return made;
  }

  start(work: OutboxOrders["work"], step: OutboxStep | null): ChildProcess {
    const program = fileURLToPath(new URL("./fixtures/outbox-process.ts", import.meta.url));
    const given: OutboxOrders = { ...this.#orders, work, step };
    const child = fork(program, [JSON.stringify(given)], { stdio: "inherit" });
    onTestFinished(async () => kill(child));
    return child;
  }

  /** Works until all is run and the outbox is empty. */
  async untilDone(count: number): Promise<void> {
    const worker = createWorker(this.server);
    onTestFinished(() => worker.stop());
    await worker.start();
    await vi.waitFor(async () => {
      const { SUCCESSFUL } = await this.server.executor.getTaskCounts();
      expect(SUCCESSFUL).toBe(count);
      const findings = await this.server["~engine"].backend("default").backend.diagnose();
      expect(findings.at(-1)?.message).toContain("nothing waits there");
    }, PATIENCE);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

describe.each(["postgres", "mariadb"] as const)("an outbox in %s", (place) => {
  test.for(STEPS)("a task whose process is killed %s %s", async ([step, fate], context) => {
    const opened = await OutboxUnderTest.open(context, place);
    const [, signal] = await once(opened.start("enqueue", step), "exit");
    expect(signal).toBe("SIGKILL");
    const count = fate === "runs once" ? 1 : 0;
    await opened.untilDone(count);
    expect(await opened.server.executor.relay()).toBe(0);
    expect(await opened.server.executor.getTaskCounts()).toMatchObject({ READY: 0, SUCCESSFUL: count });
    expect(opened.ran).toHaveLength(count);
  });

  test("relays killed at any moment leave each task to be run once", async (context) => {
    const opened = await OutboxUnderTest.open(context, place);
    const inputs = Array.from({ length: 2_000 }, (_, n) => ({ n }));
    const { backend } = opened.server["~engine"].backend("default");
    const enqueuer = createTaskClient(orders, { backend, host: WITHOUT_TIMERS });
    await opened.client.$transaction((tx) => enqueuer.withTransaction(tx).tasks.bill.enqueueMany(inputs));
    for (let round = 0; round < 2; round++) {
      const relays = [opened.start("relay", null), opened.start("relay", null)];
      await Promise.all(relays.map((child) => once(child, "message")));
      await new Promise((resolve) => setTimeout(resolve, 20 + 60 * Math.random()));
      await Promise.all(relays.map(kill));
    }
    await opened.untilDone(inputs.length);
    expect(opened.ran.sort((left, right) => left - right)).toEqual(inputs.map(({ n }) => n));
  });
});
