// The handler. Whoever runs it is a worker; the producer does not need it.
import { createTaskServer, type TaskServer } from "@taskwright/server";
import { openBackend } from "./settings.ts";
import { tasks } from "./tasks.ts";

function isPrime(n: number): boolean {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return false;
  return n >= 2;
}

export function createServer(): TaskServer<typeof tasks> {
  return createTaskServer({
    tasks,
    backend: openBackend(),
    handlers: {
      countPrimes: ({ input: { from, to } }) => {
        let count = 0;
        for (let n = from; n < to; n++) if (isPrime(n)) count++;
        return { count, process: process.pid };
      },
    },
  });
}
