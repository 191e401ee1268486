import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reportWork } from "./work-report.ts";

const MINUTE = 60_000;
const NOTHING = { succeeded: 0, retrying: 0, failed: 0, cancelled: 0, released: 0, leaseLost: 0 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A worker at work whose numbers the test sets, and what is said of it. */
function observed(countDue: () => Promise<number>) {
  const said: string[] = [];
  const counts = { ...NOTHING };
  const worker = { id: "w1", running: 0 };
  const lines = {
    level: "info" as const,
    isJson: false,
    write: (level: string, message: string) => void said.push(`${level}: ${message}`),
  };
  const log = { counts, summary: () => "", running: () => "hold" };
  const stop = reportWork(lines, { log, worker, countDue });
  return { said, counts, worker, stop };
}

test("each minute with work has a line of what ended in it, what runs and what waits; an idle one has none", async () => {
  const { said, counts, worker, stop } = observed(async () => 7);
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(said).toEqual([]);
  Object.assign(counts, { succeeded: 5, retrying: 1 });
  await vi.advanceTimersByTimeAsync(MINUTE);
  Object.assign(counts, { succeeded: 8 });
  worker.running = 1;
  await vi.advanceTimersByTimeAsync(MINUTE);
  worker.running = 0;
  await vi.advanceTimersByTimeAsync(MINUTE);
  stop();
  counts.failed = 1;
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(said).toEqual([
    "info: in the last minute 5 successful, 1 to be retried, 0 failed; none running; 7 due",
    "info: in the last minute 3 successful, 0 to be retried, 0 failed; 1 running: hold; 7 due",
  ]);
});

test("a worker whose handlers do not end is told from a healthy one, also beside a store that is away", async () => {
  const { said, worker, stop } = observed(() => Promise.reject(new Error("away")));
  worker.running = 1;
  await vi.advanceTimersByTimeAsync(MINUTE);
  stop();
  expect(said).toEqual(["info: in the last minute nothing ended; 1 running: hold"]);
});
