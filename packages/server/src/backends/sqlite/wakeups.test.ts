import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { enqueue, temporaryFolder } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend } from "../../backend/index.ts";
import { sqliteBackend } from "./index.ts";

/** A function that is called at each wake of a watch. */
function watchReady(backend: Backend): () => void {
  const wake = vi.fn();
  backend.wakeups?.watchReady({ queues: "all", wake });
  return wake;
}

test("a backend that is closed and opened again does not wake those who watched before", async () => {
  const file = join(temporaryFolder(), "tasks.db");
  const [mine, others] = [sqliteBackend({ file }), sqliteBackend({ file })];
  onTestFinished(async () => {
    await Promise.all([mine.close(), others.close()]);
  });
  await Promise.all([mine.open(), others.open()]);
  const before = watchReady(mine);
  await enqueue(others);
  await vi.waitFor(() => expect(before).toHaveBeenCalled());
  await mine.close();
  vi.mocked(before).mockClear();
  await mine.open();
  const after = watchReady(mine);
  // By its own writes, and by those of others.
  await enqueue(mine);
  expect(after).toHaveBeenCalledTimes(1);
  await enqueue(others);
  await vi.waitFor(() => expect(after).toHaveBeenCalledTimes(2));
  expect(before).not.toHaveBeenCalled();
});
