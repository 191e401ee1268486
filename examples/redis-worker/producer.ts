// The producer: enqueues, and awaits the results; it has the contract, and no handler.
import { createTaskClient } from "@taskwright/server";
import { isTaskError } from "@taskwright/shared";
import { openBackend, sayIfUnreachable } from "./settings.ts";
import { tasks } from "./tasks.ts";

const STEP = 250_000;
const ranges = Array.from({ length: 8 }, (_, index) => ({ from: index * STEP, to: (index + 1) * STEP }));

await using client = createTaskClient(tasks, { backend: openBackend() });
try {
  const results = await client.tasks.countPrimes.enqueueMany(ranges);
  console.log(`producer ${process.pid} has enqueued ${results.length} tasks`);
  const counted = await Promise.all(results.map((result) => result.get({ timeout: "60s" })));
  for (const [index, { count, process: worker }] of counted.entries()) {
    const { from, to } = ranges[index] ?? {};
    console.log(`${count} primes from ${from} to ${to}, counted by worker ${worker}`);
  }
  console.log(`${counted.reduce((sum, { count }) => sum + count, 0)} primes below ${ranges.length * STEP}`);
} catch (error) {
  if (isTaskError(error) && error.code === "RESULT_TIMEOUT") {
    console.error("Nobody has counted within a minute: start a worker (npm run worker).");
    process.exitCode = 1;
  } else sayIfUnreachable(error);
}
