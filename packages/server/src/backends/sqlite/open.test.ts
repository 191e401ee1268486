import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import { SqliteProcess } from "../../../../../test/harness/sqlite-processes.ts";
import {
  aTask,
  claim,
  enqueue,
  NOW,
  refusal,
  succeed,
  temporaryFolder,
} from "../../../../../test/harness/sqlite-store.ts";
import { sqliteBackend } from "./index.ts";
import { useWal } from "./journal.ts";
import { allMigrations } from "./migrate.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { DEFAULT_PREFIX } from "./table-prefix.ts";

const PROCESS_TEST_MS = 30_000;

/** A user who owns nothing; a test that runs as root has to become one to be refused anything. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534 } : {};

afterEach(() => process.chdir(import.meta.dirname));

function digest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function withDatabase(file: string, run: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(file);
  try {
    run(database);
  } finally {
    database.close();
  }
}

async function workThrough(file: string): Promise<void> {
  const backend = sqliteBackend({ file });
  await backend.open();
  try {
    const id = await enqueue(backend);
    const [claimed] = await claim(backend);
    expect(claimed?.id).toBe(id);
    if (claimed !== undefined) expect(await succeed(backend, claimed)).toMatchObject({ outcome: "applied" });
  } finally {
    await backend.close();
  }
}

async function refusalToOpen(file: string): Promise<{ code: string; message: string }> {
  const backend = sqliteBackend({ file });
  const error = await refusal(() => backend.open());
  await backend.close();
  return error;
}

test("a folder that does not exist is named, and nothing is made", async () => {
  const folder = temporaryFolder();
  const error = await refusalToOpen(join(folder, "missing", "deep", "tasks.db"));
  expect(error).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: `The folder ${join(folder, "missing", "deep")} for the database ${join(folder, "missing", "deep", "tasks.db")} does not exist. Make it first.`,
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("a file where the folder should be is named", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  expect(await refusalToOpen(join(folder, "file", "tasks.db"))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining(`must be in a folder, and ${join(folder, "file")} is a file.`),
  });
});

test("a folder in the place of the file is refused", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "tasks.db"));
  expect(await refusalToOpen(join(folder, "tasks.db"))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("must be a file, and is a folder. Choose another path."),
  });
});

test.skipIf(process.platform === "win32")("a device in the place of the file is refused", async () => {
  expect(await refusalToOpen("/dev/null")).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("must be a file, and is a device, pipe or socket."),
  });
});

test("a backend that could not be opened opens once the trouble is mended", async () => {
  const folder = temporaryFolder();
  const backend = sqliteBackend({ file: join(folder, "later", "tasks.db") });
  expect(await refusal(() => backend.open())).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(await refusal(() => enqueue(backend))).toMatchObject({ code: "CLOSED" });
  mkdirSync(join(folder, "later"));
  await backend.open();
  await enqueue(backend);
  await backend.close();
});

test.skipIf(process.platform === "win32")(
  "a file that may not be written is refused before the first task is taken for stored",
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, "tasks.db");
    await workThrough(file);
    chmodSync(folder, 0o777);
    chmodSync(file, 0o444);
    await using process = new SqliteProcess();
    await expect(process.ask({ kind: "open", file, ...NOBODY })).rejects.toThrow(
      `BACKEND_UNAVAILABLE: The database ${file} must be writable, and is read-only for this process. Give it the right to read and write the file.`,
    );
  },
  PROCESS_TEST_MS,
);

test.skipIf(process.platform === "win32")(
  "a folder that may not be written is refused, for SQLite needs two files beside the database",
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, "tasks.db");
    await workThrough(file);
    chmodSync(file, 0o666);
    chmodSync(folder, 0o555);
    await using process = new SqliteProcess();
    await expect(process.ask({ kind: "open", file, ...NOBODY })).rejects.toThrow(
      `BACKEND_UNAVAILABLE: The folder ${folder} of the database must be writable, and is read-only for this process`,
    );
  },
  PROCESS_TEST_MS,
);

test("a file that is no database is refused and stays as it is", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  writeFileSync(file, "name,email\nAda,ada@example.com\n".repeat(500));
  const before = digest(file);
  expect(await refusalToOpen(file)).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: `The database ${file}: the file must be a SQLite database, and holds something else; nothing was changed; choose another path.`,
  });
  expect(digest(file)).toBe(before);
});

test.each([
  ["tables of its own", "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)"],
  ["no tables, but an application id", "PRAGMA application_id = 252006674"],
  ["no tables, but a user version", "PRAGMA user_version = 7"],
])("the database of another application, with %s, is refused and stays as it is", async (_what, sql) => {
  const folder = temporaryFolder();
  const file = join(folder, "customers.db");
  withDatabase(file, (database) => database.exec(sql));
  const before = digest(file);
  expect(await refusalToOpen(file)).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: `${file} is the database of another application; Taskwright needs a file of its own. Nothing was changed. Choose another path.`,
  });
  expect(digest(file)).toBe(before);
  expect(readdirSync(folder)).toEqual(["customers.db"]);
});

test("a file of a newer version is refused and stays as it is", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  await workThrough(file);
  withDatabase(file, (database) =>
    database.exec("INSERT INTO taskwright_version SELECT max(version) + 1 FROM taskwright_version"),
  );
  const before = digest(file);
  expect(await refusalToOpen(file)).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("A newer version has written it: update this one. Nothing was changed."),
    data: { version: MIGRATIONS.length + 1, known: MIGRATIONS.length },
  });
  expect(digest(file)).toBe(before);
});

test.each([
  ["has lost it", "DELETE FROM taskwright_version"],
  [
    "has a word for it",
    "DROP TABLE taskwright_version; CREATE TABLE taskwright_version (version TEXT); INSERT INTO taskwright_version VALUES ('one')",
  ],
  ["has 0 for it", "DELETE FROM taskwright_version; INSERT INTO taskwright_version VALUES (0)"],
])("a file that must say its schema version and %s is refused", async (_what, sql) => {
  const file = join(temporaryFolder(), "tasks.db");
  await workThrough(file);
  withDatabase(file, (database) => database.exec(sql));
  expect(await refusalToOpen(file)).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("must say which schema version it has, and does not"),
  });
});

test("an empty file becomes a database", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  writeFileSync(file, "");
  await workThrough(file);
});

test.each([
  "tasks here.db",
  "Aufträge-任务-🚀.db",
  "what?mode=memory.db",
  "number#1.db",
  "100%25.db",
  'it\'s "quoted".db',
  ":memory:.db",
])("the name %s is a file's name and nothing else", async (name) => {
  if (process.platform === "win32" && /[?":]/.test(name)) return;
  const folder = temporaryFolder();
  await workThrough(join(folder, name));
  expect(readdirSync(folder)).toEqual([name]);
});

test("a relative path stands for the same file after the process has changed its folder", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "elsewhere"));
  process.chdir(folder);
  const backend = sqliteBackend({ file: join(".", "tasks.db") });
  process.chdir(join(folder, "elsewhere"));
  await backend.open();
  const id = await enqueue(backend);
  await backend.close();
  expect(existsSync(join(folder, "tasks.db"))).toBe(true);

  const again = sqliteBackend({ file: relative(process.cwd(), join(folder, "tasks.db")) });
  await again.open();
  expect((await again.store.get({ ids: [id] }))[0]).toMatchObject({ id });
  await again.close();
});

test.skipIf(process.platform === "win32")(
  "a link stands for the file it points to, there or not yet, and is woken by its writers",
  async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "data"));
    symlinkSync(join("data", "tasks.db"), join(folder, "link.db"));
    const backend = sqliteBackend({ file: join(folder, "link.db") });
    await backend.open();
    expect(readdirSync(join(folder, "data"))).toContain("tasks.db-wal");
    const woken = new Promise<void>((resolve) => {
      backend.wakeups?.watchReady({ queues: "all", wake: resolve });
    });
    await workThrough(join(folder, "data", "tasks.db"));
    await woken;
    await backend.close();
    await workThrough(join(folder, "link.db"));
    expect(readdirSync(folder).sort()).toEqual(["data", "link.db"]);
  },
);

test.skipIf(process.platform === "win32")("links in a circle are refused", async () => {
  const folder = temporaryFolder();
  symlinkSync("there.db", join(folder, "here.db"));
  symlinkSync("here.db", join(folder, "there.db"));
  expect(await refusalToOpen(join(folder, "here.db"))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("cannot be looked at (ELOOP)"),
  });
});

test("a disk that cannot keep a WAL is reported", async () => {
  // A database in memory stays in a mode of its own, as one on a network disk does.
  const database = new DatabaseSync(":memory:");
  try {
    expect(await refusal(() => useWal(database, "/net/tasks.db"))).toMatchObject({
      code: "BACKEND_INCOMPATIBLE",
      message:
        'The database /net/tasks.db must have journal mode WAL, and stays in "memory": its disk offers no memory that processes share, as network disks do not. Move the file to a local disk.',
    });
  } finally {
    database.close();
  }
});

test(
  "processes that open a new file at once make its tables once, and all can store",
  async () => {
    const file = join(temporaryFolder(), "tasks.db");
    const processes = Array.from({ length: 8 }, () => new SqliteProcess());
    try {
      await Promise.all(processes.map((process) => process.ask({ kind: "open", file })));
      const ids = processes.map((_, index) => `task-of-${index}`);
      await Promise.all(
        processes.map((process, index) =>
          process.ask({ kind: "enqueue", tasks: [aTask({ id: String(ids[index]) })], now: 1 }),
        ),
      );
      const backend = sqliteBackend({ file });
      await backend.open();
      expect((await backend.store.get({ ids })).map((record) => record?.id)).toEqual(ids);
      await backend.close();
    } finally {
      await Promise.all(processes.map((process) => process.kill()));
    }
  },
  PROCESS_TEST_MS,
);

test(
  "a process killed in the middle of a migration leaves a file that the next one completes",
  async () => {
    const file = join(temporaryFolder(), "tasks.db");
    const doomed = new SqliteProcess();
    // What open() does up to the middle: a small cache makes SQLite write pages of the open transaction to the disk.
    const statements = [
      "PRAGMA journal_mode = WAL",
      "PRAGMA cache_size = 1",
      "BEGIN IMMEDIATE",
      "CREATE TABLE taskwright_version (version INTEGER NOT NULL)",
      ...(MIGRATIONS[0]?.statements ?? []).slice(0, 5),
    ];
    await doomed.ask({ kind: "hold", file, statements });
    const opening = sqliteBackend({ file });
    const opened = opening.open();
    await doomed.kill();
    await opened;
    await enqueue(opening);
    expect(await claim(opening)).toHaveLength(1);
    await opening.close();
    await workThrough(file);
  },
  PROCESS_TEST_MS,
);

test("a file without a table for schedules gets one when it is opened, and keeps its tasks", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  withDatabase(file, (database) => {
    for (const statement of allMigrations(DEFAULT_PREFIX)[0]?.statements ?? []) database.exec(statement);
    database.exec(`INSERT INTO taskwright_task (id, path, queue, state, priority, rank, run_after, max_retries,
      enqueued_at, codec) VALUES ('kept', 'mail.send', 'default', 1, 0, 1, 1, 0, 1, 'json')`);
  });
  const backend = sqliteBackend({ file });
  await backend.open();
  onTestFinished(() => backend.close());
  await backend.schedules?.save({ schedule: aSchedule(), call: null, tasks: [], now: NOW });
  expect(await backend.schedules?.list({ after: null, limit: 2 })).toEqual([aSchedule()]);
  expect((await claim(backend)).map(({ id }) => id)).toEqual(["kept"]);
});

test(
  "a process killed at any time of its opening leaves a file that opens",
  async () => {
    const folder = temporaryFolder();
    for (let round = 0; round < 4; round++) {
      const file = join(mkdtempSync(join(folder, "round-")), "tasks.db");
      const doomed = new SqliteProcess();
      void doomed.ask({ kind: "open", file }).catch(() => undefined);
      while (!existsSync(round % 2 === 0 ? file : `${file}-wal`)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await doomed.kill();
      await workThrough(file);
      rmSync(file);
    }
  },
  PROCESS_TEST_MS,
);

test("a backup made while it runs holds everything acknowledged, and opens", async () => {
  const folder = temporaryFolder();
  const backend = sqliteBackend({ file: join(folder, "tasks.db") });
  await backend.open();
  const ids = await Promise.all(Array.from({ length: 100 }, () => enqueue(backend)));
  withDatabase(join(folder, "tasks.db"), (database) =>
    database.prepare("VACUUM INTO ?").run(join(folder, "backup.db")),
  );
  await enqueue(backend);
  await backend.close();
  const restored = sqliteBackend({ file: join(folder, "backup.db") });
  await restored.open();
  expect((await restored.store.get({ ids })).map((record) => record?.id)).toEqual(ids);
  await enqueue(restored);
  await restored.close();
});

test("a file cut off in the middle is reported as damaged", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  await workThrough(file);
  truncateSync(file, 4096 * 2);
  const backend = sqliteBackend({ file });
  const error = await refusal(async () => {
    await backend.open();
    await enqueue(backend);
  });
  expect(error).toMatchObject({
    code: "BACKEND_INCOMPATIBLE",
    message: expect.stringContaining("the file is damaged; stop its processes, then restore a backup"),
  });
  await backend.close();
});
