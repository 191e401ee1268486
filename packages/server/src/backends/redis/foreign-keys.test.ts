import { expect, type TestContext, test } from "vitest";
import { opened } from "../../../../../test/harness/redis-calls.ts";
import { type RedisProcess, startRedis } from "../../../../../test/harness/redis-process.ts";
import { onRedis } from "../../../../../test/harness/redis-server.ts";
import { everythingIn } from "../../../../../test/harness/redis-store.ts";
import { aTask, NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, ClaimedTask, LeaseSource, Maintenance, NewTask } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const T = "{taskwright:0}:";
const GROUP = "9:mail.send:default";
const HOUR = 3_600_000;
const PATIENCE = { timeout: 120_000 };
const REFUSED = {
  code: "BACKEND_INCOMPATIBLE",
  message:
    "Redis: a key of its own holds something else: another program uses the same prefix; choose another keyPrefix, or remove that key (WRONGTYPE).",
  retryable: false,
};
/** Counters, which no outcome depends on. */
const COUNTERS = ["seq", "tokens", "audit"].map((name) => T + name);

const SHARED_KEYS: readonly string[] = [
  ...["heads", "later", "leases", "expiring", "groups", "holds", "holdEnds", "running", "idle", "waiting"],
  ...["ended:SUCCESSFUL", "ended:FAILED", "ended:CANCELLED", "seq", "tokens", "audit"],
];
const GROUP_KEYS: readonly string[] = [
  ...["sources", "back", "later", "open", "SUCCESSFUL", "FAILED", "CANCELLED"].map(
    (name) => `${name}:${GROUP}`,
  ),
  `ready:0:${GROUP}`,
];
const RECORD_KEYS: readonly string[] = ["due", "leased", "lost", "new", "toCancel", "failed"].map(
  (id) => `task:${id}`,
);

/** A store with a task in each place, of two lanes, and how often each was claimed. */
class Scene {
  readonly claims = new Map<string, number>();
  readonly server: RedisProcess;
  readonly backend: Backend;
  readonly leases: LeaseSource;
  readonly maintenance: Maintenance;
  #leased: ClaimedTask | undefined;

  private constructor(server: RedisProcess, backend: Backend) {
    this.server = server;
    this.backend = backend;
    this.leases = backend.leases as LeaseSource;
    this.maintenance = backend.maintenance as Maintenance;
  }

  static async open(context: TestContext): Promise<Scene> {
    const server = await startRedis(context);
    const backend = await opened(redisBackend({ url: server.url }));
    return new Scene(server, backend);
  }

  async prepare(): Promise<void> {
    await this.server.cli("flushall");
    await this.server.cli("set", `${T}version`, "1");
    this.claims.clear();
    await this.enqueue({ id: "failed", deduplication: { key: "failed", until: NOW + HOUR } });
    const [failed] = await this.claim("mail.send", { id: "failed" });
    await this.settle(failed, "FAILED");
    await this.enqueue({ id: "leased", deduplication: { key: "leased", until: NOW + HOUR } });
    [this.#leased] = await this.claim("mail.send", { id: "leased" });
    await this.enqueue({ id: "lost" });
    await this.claim("mail.send", { id: "lost", lease: 1 });
    await this.enqueue({ id: "back" });
    const [back] = await this.claim("mail.send", { id: "back" });
    await this.leases.release({
      items: [{ lease: back as ClaimedTask, when: "now", started: false }],
      now: NOW,
    });
    await this.enqueue({ id: "late", runAfter: NOW + 1_000, rank: NOW + 1_000 });
    await this.enqueue({ id: "due", expiresAt: NOW + 10 * HOUR });
    await this.enqueue({ id: "toCancel" });
    await this.enqueue({ id: "other", path: "other.path" });
    this.claims.clear();
  }

  /** The calls that a foreign key may hinder, in the order in which they are made. */
  get calls(): ReadonlyMap<string, () => Promise<unknown>> {
    const deduplication = { key: "new", until: NOW + HOUR };
    return new Map<string, () => Promise<unknown>>([
      ["enqueue", () => this.enqueue({ id: "new", deduplication, expiresAt: NOW + 10 * HOUR })],
      ["cancel", () => this.backend.store.cancel({ id: "toCancel", now: NOW })],
      ["requeue", () => this.backend.store.requeue({ id: "failed", runAfter: NOW, rank: NOW, now: NOW })],
      ["settle", () => this.settle(this.#leased)],
      ["sweep", () => this.sweep(NOW + 10)],
      ["claim one", () => this.claim("mail.send", { id: "due" }).then((found) => this.end(found))],
      ["claim", () => this.claim("mail.send").then((found) => this.end(found))],
    ]);
  }

  async enqueue(given: Partial<NewTask>): Promise<void> {
    await this.backend.store.enqueue({ tasks: [aTask(given)], atomic: true, now: NOW });
  }

  async claim(
    path: string,
    {
      now = NOW,
      lease = 24 * HOUR,
      id,
    }: { readonly now?: number; readonly lease?: number; readonly id?: string } = {},
  ): Promise<readonly ClaimedTask[]> {
    const answer = await this.leases.claim({
      workerId: "worker",
      tasks: [{ path, lease }],
      queues: "all",
      limit: 100,
      now,
      ...(id === undefined ? {} : { id }),
    });
    for (const { id: claimed } of answer.claimed)
      this.claims.set(claimed, (this.claims.get(claimed) ?? 0) + 1);
    return answer.claimed;
  }

  async settle(
    lease: ClaimedTask | undefined,
    status: "SUCCESSFUL" | "FAILED" = "SUCCESSFUL",
  ): Promise<void> {
    if (lease === undefined) throw new Error("It was not claimed.");
    const error = { type: "EXECUTION_ERROR", exceptionClass: "Error", message: "boom", stack: null } as const;
    const ended = { ...error, attempt: 1, workerId: "worker", at: new Date(NOW).toISOString() };
    const settlement =
      status === "SUCCESSFUL"
        ? ({ status, output: null } as const)
        : ({ status, error: ended, started: true } as const);
    await this.leases.settle({ items: [{ lease, settlement }], now: NOW });
  }

  async end(claimed: readonly ClaimedTask[]): Promise<void> {
    for (const lease of claimed) await this.settle(lease);
  }

  sweep(now: number): Promise<unknown> {
    const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
    return this.maintenance.sweep({
      maxLostAttempts: 3,
      lost: words,
      poisoned: words,
      expired: words,
      limit: 100,
      now,
    });
  }

  /** Makes a call; gives whether it was refused, which must have changed nothing. */
  async isRefused(name: string, call: () => Promise<unknown>): Promise<boolean> {
    const before = await everythingIn(this.server.url, COUNTERS);
    let error: unknown = null;
    await call().catch((thrown: unknown) => {
      error = thrown;
    });
    if (error === null) return false;
    expect(error, name).toMatchObject(REFUSED);
    expect(await everythingIn(this.server.url, COUNTERS), `${name} was half done`).toEqual(before);
    return true;
  }

  /** Works until nothing is left, and checks that everything has run once. */
  async drain(): Promise<void> {
    for (let now = NOW + 2 * HOUR; now < NOW + 3 * HOUR; now += HOUR / 4) {
      await this.sweep(now);
      for (const path of ["mail.send", "other.path"]) await this.end(await this.claim(path, { now }));
    }
    const ids = ["new", "due", "late", "back", "lost", "failed", "leased", "other", "toCancel"];
    const records = await this.backend.store.get({ ids });
    const statuses = Object.fromEntries(records.map((record, index) => [ids[index], record?.status]));
    expect(statuses).toEqual({
      ...Object.fromEntries(ids.map((id) => [id, "SUCCESSFUL"])),
      toCancel: "CANCELLED",
    });
    expect(Object.fromEntries(this.claims)).toEqual(
      Object.fromEntries(ids.filter((id) => !["leased", "toCancel"].includes(id)).map((id) => [id, 1])),
    );
    const counts = await this.backend.inspector?.countByQueue({ now: NOW + 3 * HOUR });
    expect(counts).toMatchObject([{ due: 0, later: 0, running: 0, successful: 8, cancelled: 1 }]);
  }
}

test(
  "a foreign key at any key refuses what needs it, whole; once it is gone the repeated calls do, and all runs once",
  PATIENCE,
  async (context) => {
    const scene = await Scene.open(context);
    const hindered = new Map<string, string>();
    for (const name of [...SHARED_KEYS, ...GROUP_KEYS, ...RECORD_KEYS]) {
      await scene.prepare();
      const key = T + name;
      const wasThere = (await scene.server.cli("exists", key)) === 1;
      if (wasThere) await scene.server.cli("rename", key, "kept");
      await scene.server.cli("set", key, "a foreign key");
      const refused = new Map<string, () => Promise<unknown>>();
      for (const [call, run] of scene.calls)
        if (await scene.isRefused(`${call} at ${name}`, run)) refused.set(call, run);
      hindered.set(name, [...refused.keys()].join(", "));
      if (!SHARED_KEYS.includes(name)) {
        const others = await scene.claim("other.path");
        expect(
          others.map(({ id }) => id),
          name,
        ).toEqual(["other"]);
        await scene.end(others);
      }
      expect(await scene.server.cli("get", key), name).toBe("a foreign key");
      await scene.server.cli("del", key);
      if (wasThere) await scene.server.cli("rename", "kept", key);
      for (const run of refused.values()) await run();
      await scene.drain().catch((error: Error) => {
        error.message = `${name}: ${error.message}`;
        throw error;
      });
    }
    const all = "enqueue, cancel, requeue, settle, sweep, claim one, claim";
    const expected = Object.fromEntries([...SHARED_KEYS, ...GROUP_KEYS].map((name) => [name, all]));
    expect(Object.fromEntries(hindered)).toEqual({
      ...expected,
      seq: "enqueue",
      tokens: "claim one, claim",
      audit: "",
      [`ready:0:${GROUP}`]: "enqueue, cancel, requeue, claim one",
      "task:due": "claim one",
      "task:leased": "settle",
      "task:lost": "sweep",
      "task:new": "enqueue",
      "task:toCancel": "cancel",
      "task:failed": "requeue",
    });
  },
);

test(
  "of a batch, what meets a foreign key fails alone: the others are stored, ended and purged",
  PATIENCE,
  async (context) => {
    const { server, backend, leases, maintenance } = await Scene.open(context);
    const tasks = [aTask({ id: "a" }), aTask({ id: "b" }), aTask({ id: "c", queue: "slow" })];
    await server.cli("set", `${T}task:b`, "a foreign key");
    await server.cli("set", `${T}back:9:mail.send:slow`, "a foreign key");
    const failed = { outcome: "failed", error: expect.objectContaining(REFUSED) };
    const enqueued = await backend.store.enqueue({ tasks, atomic: false, now: NOW });
    expect(enqueued).toEqual([{ outcome: "stored" }, failed, failed]);
    expect(await refusal(() => backend.store.enqueue({ tasks, atomic: true, now: NOW }))).toMatchObject(
      REFUSED,
    );
    await server.cli("del", `${T}task:b`, `${T}back:9:mail.send:slow`);
    const again = await backend.store.enqueue({ tasks, atomic: true, now: NOW });
    expect(again).toEqual(tasks.map(() => ({ outcome: "stored" })));

    const mail = [{ path: "mail.send", lease: HOUR }];
    const request = { workerId: "worker", tasks: mail, queues: "all", limit: 10, now: NOW } as const;
    const { claimed } = await leases.claim(request);
    expect(claimed.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    await server.cli("rename", `${T}task:b`, "kept");
    await server.cli("set", `${T}task:b`, "a foreign key");
    const items = claimed.map((lease) => ({ lease, duration: 2 * HOUR }));
    const renewed = await leases.renew({ items, now: NOW });
    expect(renewed.map(({ outcome }) => outcome)).toEqual(["renewed", "lease-lost", "renewed"]);
    const settlement = { status: "SUCCESSFUL", output: null } as const;
    const ends = { items: claimed.map((lease) => ({ lease, settlement })), now: NOW };
    expect(await refusal(() => leases.settle(ends))).toMatchObject(REFUSED);
    await server.cli("rename", "kept", `${T}task:b`);
    const applied = { outcome: "applied", status: "SUCCESSFUL" };
    expect(await leases.settle(ends)).toEqual([applied, applied, applied]);

    await server.cli("set", `${T}task:b`, "a foreign key");
    const purge = {
      statuses: ["SUCCESSFUL"],
      finishedBefore: NOW,
      limit: 10,
      dryRun: false,
      now: NOW,
    } as const;
    expect(await maintenance.purge(purge)).toEqual({ purged: 2, more: false });
    expect(await server.cli("get", `${T}task:b`)).toBe("a foreign key");
  },
);

test(
  "a record that is foreign steps aside for the others of its lane, and runs when it is back",
  PATIENCE,
  async (context) => {
    const scene = await Scene.open(context);
    await scene.enqueue({ id: "first" });
    await scene.enqueue({ id: "second" });
    await scene.server.cli("rename", `${T}task:first`, "kept");
    await scene.server.cli("set", `${T}task:first`, "a foreign key");
    const one = {
      workerId: "worker",
      tasks: [{ path: "mail.send", lease: HOUR }],
      queues: "all",
      limit: 1,
    } as const;
    expect(await refusal(() => scene.leases.claim({ ...one, now: NOW }))).toMatchObject(REFUSED);
    const { claimed } = await scene.leases.claim({ ...one, now: NOW });
    expect(claimed.map(({ id }) => id)).toEqual(["second"]);
    await scene.server.cli("rename", "kept", `${T}task:first`);
    const late = await scene.leases.claim({ ...one, now: NOW + HOUR });
    expect(late.claimed.map(({ id }) => id)).toEqual(["first"]);
    expect((await scene.leases.claim({ ...one, now: NOW + HOUR })).claimed).toEqual([]);
  },
);

test("keys of others under the prefix are left alone", PATIENCE, async (context) => {
  const scene = await Scene.open(context);
  await scene.prepare();
  const others = [
    "taskwright",
    "taskwright:0",
    `${T}note`,
    `${T}task`,
    `${T}ready:0:other`,
    "{taskwright:1}:heads",
  ];
  for (const key of others) await scene.server.cli("set", key, "a foreign key");
  for (const run of scene.calls.values()) await run();
  await scene.drain();
  const statuses = ["SUCCESSFUL", "FAILED", "CANCELLED"] as const;
  const now = NOW + 100 * HOUR;
  await scene.maintenance.purge({ statuses, finishedBefore: now, limit: 100, dryRun: false, now });
  for (const key of others) expect(await scene.server.cli("get", key)).toBe("a foreign key");
  const left = (await onRedis(scene.server.url, (redis) => redis.keys(`${T}*`))).filter(
    (key) => !others.includes(key),
  );
  expect(left.sort()).toEqual([`${T}audit`, `${T}seq`, `${T}tokens`, `${T}version`]);
});
