import type { AnyRouter } from "@taskwright/shared";
import type { Command } from "commander";
import type { TaskServer } from "../../create-task-server.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { checkQueue } from "../known-names.ts";
import { LOG_LEVELS, type LogLevel } from "../log-lines.ts";
import { asDuration, collected, durationMs, logLevelOf, wholeNumberFrom } from "../option-values.ts";
import { resultTtlMs } from "../result-ttl.ts";
import { runWorker } from "../worker-run.ts";

interface WorkerCommandOptions {
  readonly queue?: readonly string[];
  readonly backend?: string;
  readonly once?: boolean;
  /** Milliseconds. */
  readonly interval?: number;
  readonly maxTasks?: number;
  readonly concurrency?: number;
  /** Milliseconds. */
  readonly claimInterval?: number;
  readonly id?: string;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** Adds `taskwright worker`. */
export function addWorkerCommand(program: Command, app: CliApp): void {
  const command = program
    .command("worker")
    .summary("run task results as they fall due")
    .description(
      "Run task results as they fall due, until SIGINT (Ctrl-C) or SIGTERM: it then claims no more and waits 20 s for running " +
        "handlers, aborts their signals and waits 5 s more. A second signal ends it at once.",
    )
    .option("--queue <name>", "work on this queue only; give it again for more (default: all)", collected)
    .option("--backend <name>", 'the backend to work on (default: "default")')
    .option("--once", "stop when nothing is due")
    .option(
      "--interval <seconds>",
      "how often to look for work when nothing wakes the worker: 5, 5s, 500ms (default: 1s)",
      durationMs,
    )
    .option(
      "--max-tasks <n>",
      "stop after this many attempts; 0 for no limit (default: 0)",
      wholeNumberFrom(0),
    )
    .option(
      "--workers, --concurrency <n>",
      "how many handlers run at once (default: 10)",
      wholeNumberFrom(1, 10_000),
    )
    .option(
      "--claim-interval <seconds>",
      "how often to take over from lost workers (default: 30s)",
      durationMs,
    )
    .option("--id <name>", "the name to sign attempts with (default: host, process and a counter)")
    .option("--log-level <level>", LOG_LEVELS.join(", "), logLevelOf, "info")
    .option("--json", "log JSON lines")
    .action((options: WorkerCommandOptions) =>
      app.withServer((server: TaskServer<AnyRouter>) => {
        const { queue, backend, once, interval, maxTasks, concurrency, claimInterval, id } = options;
        for (const name of queue ?? []) checkQueue(server, name);
        return runWorker(app.io, server, {
          worker: {
            ...(queue === undefined ? {} : { queues: queue }),
            ...(backend === undefined ? {} : { backend }),
            ...(once === undefined ? {} : { once }),
            ...(interval === undefined ? {} : { interval: asDuration(interval) }),
            ...(maxTasks === undefined ? {} : { maxTasks }),
            ...(concurrency === undefined ? {} : { concurrency }),
            ...(claimInterval === undefined ? {} : { claimInterval: asDuration(claimInterval) }),
            ...(id === undefined ? {} : { id }),
            retention: { successful: asDuration(resultTtlMs(app.io.env)) },
          },
          logLevel: options.logLevel,
          json: options.json === true,
          verbose: app.globals.verbose === true,
        });
      }),
    );
  withExamples(command, [
    "worker --queue emails --queue default --concurrency 20",
    "worker --once --max-tasks 100",
  ]);
}
