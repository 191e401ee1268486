import { expect, test } from "vitest";
import { aTask, LEASE_MS, NOW } from "../../../../../test/harness/sqlite-store.ts";
import { DeliveryLedger } from "./delivery-ledger.ts";

const TASKS = [{ path: "mail.send", lease: LEASE_MS }];

function claim({ leases }: DeliveryLedger, id: string, now: number = NOW) {
  return leases.claim({ workerId: "webhook", tasks: TASKS, queues: "all", limit: 1, id, now });
}

/** Notes a delivery of a new task and claims it. */
async function claimed(ledger: DeliveryLedger, before = 0) {
  const task = aTask();
  ledger.receive(task, before);
  const [lease] = (await claim(ledger, task.id)).claimed;
  if (lease === undefined) throw new Error("It was not claimed.");
  return { task, lease };
}

const SUCCESS = { status: "SUCCESSFUL", output: null } as const;

test("only what was delivered here can be claimed, by one, and of paths that are asked for", async () => {
  const ledger = new DeliveryLedger();
  const { task, lease } = await claimed(ledger, 2);
  expect(lease).toMatchObject({ id: task.id, input: task.input, attempts: 3, retriesUsed: 2 });
  expect((await claim(ledger, task.id)).claimed).toEqual([]);
  expect((await claim(ledger, "nothing")).claimed).toEqual([]);
  const other = { ...TASKS[0], path: "other", lease: LEASE_MS };
  ledger.receive(aTask({ id: "own" }), 0);
  const asked = { workerId: "w", tasks: [other], queues: "all" as const, limit: 1, id: "own", now: NOW };
  expect((await ledger.leases.claim(asked)).claimed).toEqual([]);
});

test("after a lease has expired another delivery claims, and the token of the first is worth nothing", async () => {
  const ledger = new DeliveryLedger();
  const { task, lease } = await claimed(ledger);
  const [second] = (await claim(ledger, task.id, NOW + LEASE_MS + 1)).claimed;
  if (second === undefined) throw new Error("It was not claimed.");
  const now = NOW + LEASE_MS + 2;
  const { leases } = ledger;
  const settle = (one: typeof lease) => leases.settle({ items: [{ lease: one, settlement: SUCCESS }], now });
  expect(await settle(lease)).toEqual([{ outcome: "lease-lost" }]);
  expect(await leases.renew({ items: [{ lease, duration: LEASE_MS }], now })).toEqual([
    { outcome: "lease-lost" },
  ]);
  expect(await leases.begin({ items: [lease], now })).toEqual(["lease-lost"]);
  expect(await leases.release({ items: [{ lease, when: "now", started: true }], now })).toEqual([
    "lease-lost",
  ]);
  expect(await settle(second)).toEqual([{ outcome: "applied", status: "SUCCESSFUL" }]);
});

test("what has ended is not claimed again, however often it is delivered", async () => {
  const ledger = new DeliveryLedger();
  const { task, lease } = await claimed(ledger);
  await ledger.leases.settle({ items: [{ lease, settlement: SUCCESS }], now: NOW });
  ledger.receive(task, 1);
  expect((await claim(ledger, task.id)).claimed).toEqual([]);
  expect(ledger.stateOf(task.id)).toMatchObject({ status: "SUCCESSFUL", finishedAt: NOW });
});

test("memory is bounded: the oldest are forgotten first, and what runs never", async () => {
  const ledger = new DeliveryLedger();
  const running = await claimed(ledger);
  for (let n = 0; n < 10_100; n++) ledger.receive(aTask({ id: `task-${n}` }), 0);
  expect(ledger.stateOf(running.task.id)?.status).toBe("RUNNING");
  expect(ledger.stateOf("task-0")).toBeNull();
  expect(ledger.stateOf("task-10099")?.status).toBe("READY");
});
