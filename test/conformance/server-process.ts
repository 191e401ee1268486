// A worker in a process of its own: forked by server-processes.ts. Its handlers run until they are told to stop, or end the process.
import { createTaskServer } from "@taskwright/server";
import type { Backend } from "@taskwright/server/backend";
import { createWorker } from "@taskwright/server/worker";
import { tasks } from "./server-contract.ts";
import type { StoreContext } from "./store-fixture.ts";

/** What the parent sends once. */
export interface ServerProcessOrder {
  readonly opener: string;
  readonly context: StoreContext;
}

function tell(news: string): void {
  process.send?.(news);
}

async function serve({ opener, context }: ServerProcessOrder): Promise<void> {
  const { openStore } = (await import(opener)) as { openStore(context: StoreContext): Promise<Backend> };
  const server = createTaskServer({
    tasks,
    backend: await openStore(context),
    handlers: {
      slow: ({ signal, attempt }) => {
        tell(`started ${attempt.id}`);
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            tell(`aborted ${attempt.id} ${(signal.reason as { code: string }).code}`);
            reject(signal.reason);
          });
        });
      },
      work: ({ input, attempt }) => {
        // The task that no worker survives.
        if (input.n === 0) process.kill(process.pid, "SIGKILL");
        tell(`worked ${attempt.id}`);
        return input;
      },
    },
    only: ["slow", "work"],
  });
  await createWorker(server).start();
  tell("ready");
}

process.on("message", (order: ServerProcessOrder) => {
  serve(order).catch((error: unknown) => tell(`failed ${error}`));
});

// The parent is gone: nobody is left to work for.
process.on("disconnect", () => process.exit(0));
