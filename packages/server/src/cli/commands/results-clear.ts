import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { elapsed } from "../elapsed-time.ts";
import { printJson } from "../json-output.ts";
import { durationMs } from "../option-values.ts";
import { purgeWithProgress } from "../purge-progress.ts";
import { confirmed } from "../question.ts";
import { resultTtlMs } from "../result-ttl.ts";
import { counted } from "../terminal-text.ts";

interface ResultsClearOptions {
  /** Milliseconds. */
  readonly since?: number;
  readonly input: boolean;
  readonly delay?: boolean;
  readonly backend?: string;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;

/** Adds `taskwright results clear`. */
export function addResultsClearCommand(results: Command, app: CliApp): void {
  const { io } = app;
  const command = results
    .command("clear")
    .summary("delete old SUCCESSFUL task results")
    .description(
      "Delete SUCCESSFUL task results that finished long enough ago. Asks first. `purge` deletes others too.",
    )
    .option(
      "--since <seconds>",
      "only what finished this long ago or longer (default: TASKWRIGHT_RESULT_TTL, else 604800)",
      durationMs,
    )
    .option("--no-input", "do not ask")
    .option("--delay", "let a worker do it: enqueue the task taskwright.clearStaleResults, and do not ask")
    .option("--backend <name>", 'the backend to clear (default: "default")')
    .option("--json", "print JSON: { deleted }, with --delay { id }")
    .action((options: ResultsClearOptions) =>
      app.withServer(async (server) => {
        const since = options.since ?? resultTtlMs(io.env);
        if (options.delay === true) {
          const { id } = await server.client.clearStaleResults.delay({
            since: since / 1_000,
            backend: options.backend ?? "default",
          });
          if (options.json === true) printJson(io, { id });
          else io.stdout.write(`Enqueued taskwright.clearStaleResults ${id}.\n`);
          return 0;
        }
        const request = {
          days: since / DAY_MS,
          status: "SUCCESSFUL" as const,
          ...(options.backend === undefined ? {} : { backend: options.backend }),
        };
        const age = since === 0 ? "" : ` older than ${elapsed(since)}`;
        if (options.input) {
          const count = await server.executor.purge({ ...request, dryRun: true });
          if (
            count > 0 &&
            !(await confirmed(io, `Delete ${counted(count, "SUCCESSFUL task result")}${age}?`))
          ) {
            io.stderr.write("\nNothing was deleted. --no-input deletes without asking.\n");
            return 1;
          }
        }
        const deleted = await purgeWithProgress(io, server, request);
        if (options.json === true) printJson(io, { deleted });
        else io.stdout.write(`Deleted ${counted(deleted, "SUCCESSFUL task result")}${age}.\n`);
        return 0;
      }),
    );
  withExamples(command, ["results clear --since 86400 --no-input", "results clear --delay"]);
}
