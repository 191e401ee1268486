// Runs worker.ts in a process of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface WorkerProcess {
  /** Lets it finish the mails at hand; resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * @param id what the worker signs its attempts with
 * @param onDeath called if the process ends without having been asked to
 */
export function startWorkerProcess(id: string, onDeath: (how: string) => void): WorkerProcess {
  const child = fork(join(import.meta.dirname, "worker.ts"), ["--child", id]);
  const ended = once(child, "exit");
  let isStopping = false;
  child.once("exit", (code, signal) => {
    if (!isStopping) onDeath(signal ?? `exit code ${code}`);
  });
  return {
    stop: async () => {
      isStopping = true;
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
