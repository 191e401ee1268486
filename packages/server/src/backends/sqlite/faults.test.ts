import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import { skipWithReason } from "../../../../../test/harness/services.ts";
import {
  aTask,
  claim,
  enqueue,
  NOW,
  refusal,
  succeed,
  temporaryFolder,
} from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { Connection } from "./connection.ts";
import { sqliteBackend } from "./index.ts";
import { sqliteLeaseSource } from "./lease-source.ts";
import { StoreHandle } from "./opened-store.ts";
import { sqliteTaskStore } from "./task-store.ts";
import { SqliteWakeups } from "./wakeups.ts";
import { WriteQueue } from "./write-queue.ts";

const BIG = JSON.stringify("x".repeat(50_000));

async function openAt(file: string): Promise<Backend> {
  const backend = sqliteBackend({ file });
  await backend.open();
  onTestFinished(() => backend.close());
  return backend;
}

/** A disk of one megabyte, where this process may mount one. */
function smallDisk(context: TestContext): string {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    skipWithReason(context, {
      subject: "sqlite",
      reason: "only root may mount a small disk to fill",
      untested: context.task.name,
    });
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder], { stdio: "ignore" });
  });
  return folder;
}

/** Enqueues until the store refuses; gives what was acknowledged and why it refused. */
async function fill(backend: Backend): Promise<{ stored: string[]; error: Error }> {
  const stored: string[] = [];
  for (;;) {
    try {
      stored.push(await enqueue(backend, { input: BIG }));
    } catch (error) {
      return { stored, error: error as Error };
    }
  }
}

async function expectAllThere(backend: Backend, ids: readonly string[]): Promise<void> {
  const records = await backend.store.get({ ids });
  expect(records.map((record) => record?.id)).toEqual(ids);
  expect(records.every((record) => record?.input === BIG)).toBe(true);
}

test("a full disk refuses what does not fit, keeps what was acknowledged, and serves again with space", async (context) => {
  const disk = smallDisk(context);
  const backend = await openAt(join(disk, "tasks.db"));
  const ballast = openSync(join(disk, "ballast"), "w");
  writeSync(ballast, Buffer.alloc(300_000));
  closeSync(ballast);
  const { stored, error } = await fill(backend);
  expect(stored.length).toBeGreaterThan(3);
  expect(error).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: `The database ${join(disk, "tasks.db")}: its disk is full; nothing was stored; free some space.`,
    retryable: true,
  });
  await expectAllThere(backend, stored);
  rmSync(join(disk, "ballast"));
  const [claimed] = await claim(backend, NOW, 1);
  expect(claimed?.id).toBe(stored[0]);
  if (claimed !== undefined) expect(await succeed(backend, claimed)).toMatchObject({ outcome: "applied" });
  await enqueue(backend);
  await backend.close();
  await backend.open();
  await expectAllThere(backend, stored);
});

test("a disk that is full at the opening is told of", async (context) => {
  const disk = smallDisk(context);
  const ballast = openSync(join(disk, "ballast"), "w");
  try {
    for (;;) writeSync(ballast, Buffer.alloc(4_096));
  } catch {
    closeSync(ballast);
  }
  const backend = sqliteBackend({ file: join(disk, "tasks.db") });
  const error = await refusal(() => backend.open());
  expect(error.code).toBe("BACKEND_UNAVAILABLE");
  expect(error.message).toMatch(/its disk is full|local disk with free space/);
  rmSync(join(disk, "ballast"));
  await backend.open();
  await enqueue(backend);
  await backend.close();
});

test("one task that does not fit into the file fails alone, beside others of its turn", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  await backend.close();
  const connection = new Connection(file);
  onTestFinished(() => connection.close());
  // What a full disk is to SQLite, without a disk to fill.
  const { page_count } = connection.db.prepare("PRAGMA page_count").get() as { page_count: number };
  connection.db.exec(`PRAGMA max_page_count = ${page_count + 2}`);
  const handle = new StoreHandle(file, new SqliteWakeups(file, () => null));
  handle.set({ connection, writes: new WriteQueue(connection, 1_000) });
  const store = sqliteTaskStore(handle);

  const small = aTask();
  const large = aTask({ input: BIG });
  const other = aTask();
  const results = await Promise.allSettled(
    [small, large, other].map((task) => store.enqueue({ tasks: [task], atomic: false, now: NOW })),
  );
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((results[1] as PromiseRejectedResult).reason).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("its disk is full"),
  });
  const records = await store.get({ ids: [small.id, large.id, other.id] });
  expect(records.map((record) => record?.id ?? null)).toEqual([small.id, null, other.id]);
  const answer = await sqliteLeaseSource(handle).claim({
    workerId: "worker",
    tasks: [{ path: small.path, lease: 1 }],
    queues: "all",
    limit: 10,
    now: NOW,
  });
  expect(answer.claimed.map(({ id }) => id)).toEqual([small.id, other.id]);
});

test("a transaction that cannot be rolled back leaves no promise without an answer", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const connection = new Connection(file);
  const writes = new WriteQueue(connection, 1_000);
  const first = writes.write(() => connection.db.close());
  const second = writes.write(() => "never");
  expect(await Promise.allSettled([first, second])).toMatchObject([
    { status: "rejected", reason: { name: "TaskError" } },
    { status: "rejected", reason: { name: "TaskError" } },
  ]);
  await expect(writes.write(() => "later")).rejects.toMatchObject({ name: "TaskError" });
});

/** Overwrites every page from one on, as a failing disk would. */
function damage(file: string, from: number): void {
  const database = openSync(file, "r+");
  const noise = Buffer.alloc(4_096, 0xa5);
  for (let at = from; at < statSync(file).size; at += noise.length) {
    writeSync(database, noise, 0, noise.length, at);
  }
  closeSync(database);
}

test("a file with damaged pages is told of at every use, the process lives, and the file is left as it is", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  await (await openAt(file)).close();
  const pageOfTasks = statSync(file).size;
  const before = await openAt(file);
  const tasks = Array.from({ length: 500 }, () => aTask({ input: '"a few words"'.repeat(20) }));
  await before.store.enqueue({ tasks, atomic: true, now: NOW });
  await before.close();
  damage(file, pageOfTasks);
  const damaged = readFileSync(file);

  const backend = await openAt(file);
  const isDamage = {
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining(
      "the file is damaged; stop its processes, then restore a backup, or save what can be read with `sqlite3 FILE .recover`",
    ),
    retryable: false,
  };
  const uses: Record<string, () => unknown> = {
    get: () => backend.store.get({ ids: [String(tasks[250]?.id)] }),
    list: () => backend.inspector?.list({ filter: {}, cursor: null, offset: 0, limit: 500 }),
    enqueue: () => enqueue(backend),
    claim: () => claim(backend),
  };
  for (const [name, use] of Object.entries(uses)) expect(await refusal(use), name).toMatchObject(isDamage);
  const levels = (await backend.diagnose()).map(({ level }) => level);
  expect(levels).toContain("error");
  await backend.close();
  expect(readFileSync(file).equals(damaged)).toBe(true);
});

test("a row whose columns were written over by hand is damage, not a fault of ours", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  const id = await enqueue(backend, { tags: ["a"] });
  const other = new DatabaseSync(file);
  other.exec("UPDATE taskwright_task SET tags = 'no JSON'");
  other.close();
  expect(await refusal(() => backend.store.get({ ids: [id] }))).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("the file is damaged"),
  });
});

test.for(["misfire = 'never'", "revision = 'first'", "next_run_at = 'soon'"])(
  "a schedule of which somebody has set %s is damage, and can be removed",
  async (change) => {
    const file = join(temporaryFolder(), "tasks.db");
    const { schedules } = await openAt(file);
    const schedule = aSchedule();
    await schedules?.save({ schedule, call: null, tasks: [], now: NOW });
    const other = new DatabaseSync(file);
    other.exec(`UPDATE taskwright_schedule SET ${change}`);
    other.close();
    expect(await refusal(() => schedules?.get({ id: schedule.id }))).toMatchObject({
      code: "BACKEND_INCOMPATIBLE",
      message: expect.stringContaining("the file is damaged"),
    });
    expect(await schedules?.delete({ id: schedule.id })).toBe("deleted");
  },
);

test("a table that something else has changed is told of", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  const other = new DatabaseSync(file);
  other.exec("ALTER TABLE taskwright_task RENAME COLUMN queue TO line");
  other.close();
  expect(await refusal(() => enqueue(backend))).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("its tables are not as this version of Taskwright makes them"),
  });
});

test("a row that a trigger refuses is told of as not to be tried again, and the others of its turn are changed", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  const [bad] = [await enqueue(backend), await enqueue(backend)];
  const claimed = await claim(backend);
  const other = new DatabaseSync(file);
  other.exec(`CREATE TRIGGER refuse BEFORE UPDATE ON taskwright_task WHEN new.id = '${bad}'
    BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
  other.close();
  const outcomes = await Promise.allSettled(claimed.map((lease) => succeed(backend, lease)));
  expect(outcomes).toMatchObject([
    {
      status: "rejected",
      reason: {
        code: "BACKEND_INCOMPATIBLE",
        message: expect.stringContaining("refused an operation on one row (SQLite result code 19)"),
        retryable: false,
      },
    },
    { status: "fulfilled", value: { outcome: "applied" } },
  ]);
});

test("a batch that is refused leaves nothing behind and nothing in the way of the next", async () => {
  const backend = await openAt(join(temporaryFolder(), "tasks.db"));
  const [good, unstorable] = [aTask(), aTask({ codec: null as unknown as string })];
  const enqueueBoth = () => backend.store.enqueue({ tasks: [good, unstorable], atomic: true, now: NOW });
  for (let round = 0; round < 3; round++) {
    expect((await refusal(enqueueBoth)).message).toContain("refused an operation");
    expect(await backend.store.get({ ids: [good.id] })).toEqual([null]);
    await enqueue(backend);
  }
  expect(await claim(backend)).toHaveLength(3);
});

test("watchers look when it cannot be told whether others have written, and nothing is thrown at the process", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "tasks.db");
  const connection = new Connection(file);
  const wakeups: SqliteWakeups = new SqliteWakeups(file, () => handle.dataVersion());
  const handle = new StoreHandle(file, wakeups);
  handle.set({ connection, writes: new WriteQueue(connection, 1_000) });
  connection.close();
  const woken = new Promise<void>((resolve) => {
    wakeups.watchReady({ wake: resolve });
  });
  closeSync(openSync(`${file}-wal`, "w"));
  await woken;
  wakeups.close();
});
