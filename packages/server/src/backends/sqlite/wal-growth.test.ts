import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { aTask, enqueue, NOW, temporaryFolder } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { sqliteBackend } from "./index.ts";

vi.setConfig({ testTimeout: 60_000 });

const MB = 1024 * 1024;
const BIG = JSON.stringify("x".repeat(50_000));

async function openIn(folder: string): Promise<{ backend: Backend; file: string }> {
  const file = join(folder, "tasks.db");
  const backend = sqliteBackend({ file, durability: "process" });
  await backend.open();
  onTestFinished(() => backend.close());
  await enqueue(backend);
  return { backend, file };
}

/** Writes about a hundred megabytes; gives the largest size that the WAL had. */
async function writeMuch(backend: Backend, file: string): Promise<number> {
  let largest = 0;
  for (let batch = 0; batch < 100; batch++) {
    const tasks = Array.from({ length: 20 }, () => aTask({ input: BIG }));
    await backend.store.enqueue({ tasks, atomic: false, now: NOW });
    largest = Math.max(largest, statSync(`${file}-wal`).size);
  }
  return largest;
}

/** A connection that can begin and end to read. */
class Reader {
  readonly #database: DatabaseSync;
  #isOpen = true;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    onTestFinished(() => this.close());
  }

  begin(): void {
    this.#database.exec("BEGIN");
    this.#database.prepare("SELECT id FROM taskwright_task LIMIT 1").get();
  }

  end(): void {
    this.#database.exec("COMMIT");
  }

  close(): void {
    if (this.#isOpen) this.#database.close();
    this.#isOpen = false;
  }
}

test("the WAL stays small although somebody reads at any time, and is gone after the closing", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  let [reader, next] = [new Reader(file), new Reader(file)];
  let isDone = false;
  reader.begin();
  const reading = (async () => {
    while (!isDone) {
      // The next has begun before the last one ends: SQLite finds no moment without a reader.
      next.begin();
      reader.end();
      [reader, next] = [next, reader];
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const largest = await writeMuch(backend, file).finally(() => {
    isDone = true;
  });
  await reading;
  expect(largest).toBeLessThan(40 * MB);
  expect(statSync(file).size).toBeGreaterThan(50 * MB);
  reader.close();
  next.close();
  await backend.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test("a WAL that one long read has made large is cut back once that ends", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  const reader = new Reader(file);
  reader.begin();
  expect(await writeMuch(backend, file)).toBeGreaterThan(80 * MB);
  // Its turn comes when the try to empty the WAL is over.
  await enqueue(backend);
  reader.end();
  for (let write = 0; write < 3; write++) await enqueue(backend);
  expect(statSync(`${file}-wal`).size).toBeLessThanOrEqual(64 * MB);
  reader.close();
  await backend.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test("a closing beside another process's read leaves what is stored to the next one who opens", async () => {
  const { backend, file } = await openIn(temporaryFolder());
  const reader = new Reader(file);
  reader.begin();
  const id = await enqueue(backend);
  await backend.close();
  reader.end();
  reader.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
  await backend.open();
  expect(await backend.store.get({ ids: [id] })).toMatchObject([{ id }]);
});
