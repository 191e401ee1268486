import type { AnyRouter } from "@taskwright/shared";
import { isBuiltIn } from "../core/built-in-tasks.ts";
import type { UnclaimedLogger } from "../core/logger.ts";
import type { TaskServer } from "../create-task-server.ts";
import { createWorker } from "../worker/index.ts";
import type { Worker } from "../worker/worker.ts";
import type { WorkerOptions } from "../worker/worker-options.ts";
import { type AttemptLog, logAttempts } from "./attempt-log.ts";
import { COUNT_UP_TO } from "./capped-count.ts";
import { EXIT_CODES } from "./cli-error.ts";
import type { CliIo, StopSignal } from "./cli-io.ts";
import { elapsed } from "./elapsed-time.ts";
import { createLogLines, engineLogger, type LogLevel, type LogLines } from "./log-lines.ts";
import { counted } from "./terminal-text.ts";
import { reportWork } from "./work-report.ts";

/** What {@link runWorker} is told. */
export interface WorkerRun {
  readonly worker: WorkerOptions;
  readonly logLevel: LogLevel;
  readonly json: boolean;
  /** Put the stacks of failed attempts into JSON lines. */
  readonly verbose: boolean;
}

function logStart(
  server: TaskServer<AnyRouter>,
  lines: LogLines,
  parts: { worker: Worker; options: WorkerOptions },
): void {
  const { worker, options } = parts;
  const { backend = "default", concurrency = 10, queues = "all" } = options;
  const { kind } = server["~engine"].backend(backend).backend;
  const where =
    queues === "all" ? "all queues" : `${queues.length === 1 ? "queue" : "queues"} ${[...queues].join(", ")}`;
  const tasks = [...server["~engine"].tasks.values()].filter(
    ({ path, handler }) => handler !== undefined && !isBuiltIn(path),
  ).length;
  const message = `worker ${worker.id} started: backend ${backend} (${kind}), ${where}, ${counted(tasks, "task")}, ${concurrency} at once`;
  lines.write("info", message, {
    event: "worker-started",
    worker: worker.id,
    backend,
    queues,
    concurrency,
    tasks,
  });
}

/** How many task results wait for this worker. */
async function countDue(server: TaskServer<AnyRouter>, options: WorkerOptions): Promise<number> {
  const { backend = "default", queues } = options;
  const stats = await server.executor.getQueueStats({ backend, upTo: COUNT_UP_TO });
  const own = queues === undefined ? stats : stats.filter(({ queue }) => [queues].flat().includes(queue));
  return own.reduce((sum, { pending }) => sum + pending, 0);
}

/** Signals to a worker, from now on. */
interface StopSignals {
  /** Whether one has come. */
  readonly haveCome: boolean;
  ignore(): void;
}

function stopAtSignals(io: CliIo, lines: LogLines, parts: { worker: Worker; log: AttemptLog }): StopSignals {
  const { worker, log } = parts;
  let haveCome = false;
  const ignore = io.onStopSignal((signal: StopSignal) => {
    const { running } = worker;
    const facts = { worker: worker.id, signal, running };
    if (haveCome) {
      const left =
        running === 0 ? "" : `, leaving ${counted(running, "handler")}: ${log.running()}; they run again`;
      lines.write("warn", `${signal} again: exiting at once${left}`, { event: "worker-killed", ...facts });
      io.exit(EXIT_CODES.interrupted);
      return;
    }
    haveCome = true;
    const waits =
      running === 0
        ? ""
        : `, waiting for ${counted(running, "handler")}: ${log.running()}; a second signal exits at once`;
    lines.write("info", `${signal}: stopping${waits}`, { event: "worker-stopping", ...facts });
    void worker.stop();
  });
  return {
    get haveCome() {
      return haveCome;
    },
    ignore,
  };
}

/** Runs a worker until a signal, `once` or `maxTasks` ends it; resolves to the exit code. */
export async function runWorker(io: CliIo, server: TaskServer<AnyRouter>, run: WorkerRun): Promise<number> {
  // Handlers are not for the log: who closes that does not mean to stop them.
  io.neglectOutput();
  const lines = createLogLines(io, { level: run.logLevel, json: run.json });
  const { logger } = server["~engine"];
  // A server with a logger of its own keeps it; this one only shows what would otherwise be heard nowhere.
  (logger as Partial<UnclaimedLogger>)["~sendTo"]?.(engineLogger(lines));
  const worker = createWorker(server, run.worker);
  const log = logAttempts(server.events, lines, run.verbose);
  const signals = stopAtSignals(io, lines, { worker, log });
  const startedAt = performance.now();
  const stopReports = reportWork(lines, { worker, log, countDue: () => countDue(server, run.worker) });
  try {
    await server["~engine"].backend(run.worker.backend ?? "default").open();
    if (!signals.haveCome) {
      logStart(server, lines, { worker, options: run.worker });
      await worker.start();
    }
    await worker.stopped;
  } finally {
    stopReports();
    signals.ignore();
  }
  const durationMs = Math.round(performance.now() - startedAt);
  const message = `worker ${worker.id} stopped after ${elapsed(durationMs)} and ${counted(worker.started, "attempt")}: ${log.summary()}`;
  lines.write("info", message, {
    event: "worker-stopped",
    worker: worker.id,
    attempts: worker.started,
    ...log.counts,
    durationMs,
  });
  return EXIT_CODES.ok;
}
