import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
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
import type { Backend } from "../../backend/index.ts";
import type { SqliteBackendOptions } from "./index.ts";
import { sqliteBackend } from "./index.ts";

const PROCESS_TEST_MS = 30_000;

/** The write lock, as another process's transaction takes it beside a WAL. */
const WRITE_LOCK = ["BEGIN EXCLUSIVE", "CREATE TABLE taskwright_in_the_way (a)"];
/** Everything, reads included: what closing, repairing and vacuuming take for a moment. */
const WHOLE_FILE = ["PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"];

async function openAt(file: string, options: Partial<SqliteBackendOptions> = {}): Promise<Backend> {
  const backend = sqliteBackend({ file, ...options });
  await backend.open();
  onTestFinished(() => backend.close());
  return backend;
}

/** A process that holds a lock on the file until it is told to let go. */
async function lockedBy(file: string, statements: readonly string[]): Promise<SqliteProcess> {
  const process = new SqliteProcess();
  onTestFinished(() => process.kill());
  await process.ask({ kind: "hold", file, statements });
  return process;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Stops the clock that waits are measured with; what it gives moves it on, in milliseconds. */
function standingClock(): (ms: number) => void {
  let time = performance.now();
  const now = vi.spyOn(performance, "now").mockImplementation(() => time);
  onTestFinished(() => now.mockRestore());
  return (ms) => {
    time += ms;
  };
}

test(
  "what waits for another process's lock is done when it lets go, and the event loop turns meanwhile",
  async () => {
    const file = join(temporaryFolder(), "tasks.db");
    const backend = await openAt(file);
    await enqueue(backend);
    const [held] = await claim(backend);
    if (held === undefined) throw new Error("Nothing was claimed.");
    await enqueue(backend);
    const holder = await lockedBy(file, WRITE_LOCK);
    let isDone = false;
    const waiting = Promise.all([enqueue(backend), succeed(backend, held), claim(backend)]).finally(() => {
      isDone = true;
    });
    for (let count = 0; count < 200; count++) await turn();
    expect(isDone).toBe(false);
    // Reads wait for nobody.
    expect(await backend.store.get({ ids: [held.id] })).toMatchObject([{ status: "RUNNING" }]);
    await holder.ask({ kind: "let-go" });
    const [id, settled, claimed] = await waiting;
    expect(settled).toMatchObject({ outcome: "applied" });
    expect(claimed).not.toHaveLength(0);
    expect(await backend.store.get({ ids: [id] })).toMatchObject([{ id }]);
  },
  PROCESS_TEST_MS,
);

test(
  "a lock held for longer than lockTimeout is told of by name, and what was refused is stored by another try",
  async () => {
    const file = join(temporaryFolder(), "tasks.db");
    const backend = await openAt(file, { lockTimeout: "50ms" });
    await enqueue(backend);
    const holder = await lockedBy(file, WRITE_LOCK);
    for (const use of [() => enqueue(backend), () => claim(backend)]) {
      expect(await refusal(use)).toMatchObject({
        code: "BACKEND_UNAVAILABLE",
        message: `The database ${file} was locked by another process for longer than the lockTimeout of 50 ms; nothing was changed. End the program that keeps a transaction open, or raise lockTimeout.`,
        retryable: true,
        cause: expect.any(Error),
      });
    }
    await holder.ask({ kind: "let-go" });
    const id = await enqueue(backend);
    expect(await claim(backend)).toHaveLength(2);
    expect(await backend.store.get({ ids: [id] })).toMatchObject([{ status: "RUNNING" }]);
  },
  PROCESS_TEST_MS,
);

test(
  "however many wait for the lock, none waits longer than lockTimeout, and what was refused is not carried out later",
  async () => {
    const file = join(temporaryFolder(), "tasks.db");
    const backend = await openAt(file, { lockTimeout: "1s" });
    const holder = await lockedBy(file, WRITE_LOCK);
    const moveClock = standingClock();
    const tasks = Array.from({ length: 300 }, () => aTask());
    const refused = tasks.map((task) =>
      refusal(() => backend.store.enqueue({ tasks: [task], atomic: false, now: NOW })),
    );
    await turn();
    moveClock(1_000);
    // No more time passes for those that were behind the first ones.
    for (const { code } of await Promise.all(refused)) expect(code).toBe("BACKEND_UNAVAILABLE");
    await holder.ask({ kind: "let-go" });
    await enqueue(backend);
    const stored = await backend.store.get({ ids: tasks.map(({ id }) => id) });
    expect(stored.filter((record) => record !== null)).toEqual([]);
  },
  PROCESS_TEST_MS,
);

test("one that came late to a crowd that waits for the lock has its own time", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file, { lockTimeout: "1s" });
  const holder = await lockedBy(file, WRITE_LOCK);
  const moveClock = standingClock();
  const alone = refusal(() => enqueue(backend));
  await turn();
  const next = refusal(() => enqueue(backend));
  moveClock(900);
  const late = enqueue(backend);
  moveClock(100);
  expect(await alone).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(await next).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  await holder.ask({ kind: "let-go" });
  const id = await late;
  expect(await backend.store.get({ ids: [id] })).toMatchObject([{ id }]);
});

test("a write that this process comes to only when its caller has been told of a failure is not carried out", async () => {
  const backend = await openAt(join(temporaryFolder(), "tasks.db"));
  const task = aTask();
  const writing = refusal(() => backend.store.enqueue({ tasks: [task], atomic: false, now: NOW }));
  standingClock()(60_000);
  expect(await writing).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("did not come to a write"),
  });
  expect(await backend.store.get({ ids: [task.id] })).toEqual([null]);
});

test(
  "opening waits for a process that has the whole file, and tells of one that keeps it",
  async () => {
    const file = join(temporaryFolder(), "tasks.db");
    await (await openAt(file)).close();
    const holder = await lockedBy(file, WHOLE_FILE);
    const impatient = sqliteBackend({ file, lockTimeout: "50ms" });
    expect(await refusal(() => impatient.open())).toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining(
        "was locked by another process for longer than the lockTimeout of 50 ms",
      ),
    });
    const patient = sqliteBackend({ file });
    const opening = patient.open();
    await holder.ask({ kind: "let-go" });
    await opening;
    await enqueue(patient);
    await patient.close();
  },
  PROCESS_TEST_MS,
);

test("a closing ends a wait for the lock", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  await lockedBy(file, WRITE_LOCK);
  const waiting = refusal(() => enqueue(backend));
  await turn();
  await backend.close();
  expect(await waiting).toMatchObject({ code: "CLOSED" });
});

test("what is under way at a closing is answered: resolved is stored, rejected is not", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  await Promise.all(Array.from({ length: 100 }, () => enqueue(backend)));
  const results: Promise<PromiseSettledResult<string>[]>[] = [];
  const ids: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const batch = Array.from({ length: 20 }, (_, index) => {
      const id = `turn-${turn}-${index}`;
      ids.push(id);
      return enqueue(backend, { id });
    });
    results.push(Promise.allSettled(batch));
    results.push(
      Promise.allSettled([claim(backend).then((claimed) => `claimed ${claimed.map(({ id }) => id)}`)]),
    );
    if (turn < 5) await new Promise((resolve) => setImmediate(resolve));
  }
  await backend.close();
  const outcomes = (await Promise.all(results)).flat();
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CLOSED" });
  }
  const stored = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" && outcome.value.startsWith("turn-") ? [outcome.value] : [],
  );
  expect(stored.length).toBeGreaterThanOrEqual(100);

  await backend.open();
  const records = await backend.store.get({ ids });
  expect(records.flatMap((record) => (record === null ? [] : [record.id])).sort()).toEqual(stored.sort());
  const running = await backend.inspector?.countByQueue({ now: NOW });
  const claims = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" && outcome.value.startsWith("claimed ")
      ? outcome.value.slice(8).split(",")
      : [],
  );
  expect(running?.[0]?.running).toBe(new Set(claims.filter((id) => id !== "")).size);
});

test("closing twice, at once or later, is closing once", async () => {
  const backend = await openAt(join(temporaryFolder(), "tasks.db"));
  const writing = Promise.allSettled([enqueue(backend), enqueue(backend)]);
  await Promise.all([backend.close(), backend.close(), backend.close()]);
  await backend.close();
  for (const outcome of await writing) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CLOSED" });
  }
});

test("closing what was never opened, or could not be, is nothing", async () => {
  const folder = temporaryFolder();
  await sqliteBackend({ file: join(folder, "tasks.db") }).close();
  const backend = sqliteBackend({ file: join(folder, "missing", "tasks.db") });
  const opening = refusal(() => backend.open());
  await backend.close();
  expect(await opening).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
});

test("a closing during the opening ends it closed; an opening during the closing ends it open", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = sqliteBackend({ file });
  const opening = backend.open();
  await backend.close();
  await opening;
  expect(await refusal(() => enqueue(backend))).toMatchObject({ code: "CLOSED" });

  await backend.open();
  const closing = backend.close();
  await Promise.all([closing, backend.open()]);
  const id = await enqueue(backend);
  expect(await backend.store.get({ ids: [id] })).toMatchObject([{ id }]);
  await backend.close();
});

test("every use after a closing is refused as CLOSED", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const backend = await openAt(file);
  await backend.close();
  const uses = [
    () => enqueue(backend),
    () => claim(backend),
    () => succeed(backend, { id: "a", token: "1.1" }),
    () => backend.store.get({ ids: ["a"] }),
    () => backend.inspector?.countByQueue({ now: NOW }),
    () => backend.diagnose(),
  ];
  for (const use of uses) {
    expect(await refusal(use)).toMatchObject({ code: "CLOSED", message: expect.stringContaining(file) });
  }
});

test("opening twice opens once, and two backends of one process share a file", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const one = await openAt(file);
  await Promise.all([one.open(), one.open()]);
  const two = await openAt(file);
  const ids = await Promise.all([enqueue(one), enqueue(two), enqueue(one), enqueue(two)]);
  const claimed = [...(await claim(one, NOW, 2)), ...(await claim(two, NOW, 2))].map(({ id }) => id);
  expect(claimed.sort()).toEqual(ids.sort());
});
