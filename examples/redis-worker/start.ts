// `npm start`: two workers and a producer, each a process of its own, that know of each other through Redis alone.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const run = (file: string): ChildProcess => fork(join(import.meta.dirname, file));

const workers = [run("worker.ts"), run("worker.ts")];
const ended = Promise.all(workers.map((worker) => once(worker, "exit")));
const [code] = await once(run("producer.ts"), "exit");
// They finish what they have begun.
for (const worker of workers) if (worker.connected) worker.disconnect();
await ended;
process.exitCode = code ?? 1;
