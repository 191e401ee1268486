import { FINISHED_STATUSES, type FinishedStatus } from "@taskwright/shared";
import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { numberFrom, statusesOf, wholeNumberFrom } from "../option-values.ts";
import { purgeWithProgress } from "../purge-progress.ts";
import { counted } from "../terminal-text.ts";

interface PurgeCommandOptions {
  readonly days: number;
  readonly status?: readonly FinishedStatus[];
  readonly batchSize: number;
  readonly dryRun?: boolean;
  readonly backend?: string;
  readonly json?: boolean;
}

/** Adds `taskwright purge`. */
export function addPurgeCommand(program: Command, app: CliApp): void {
  const command = program
    .command("purge")
    .summary("delete finished task results")
    .description("Delete task results that finished long enough ago.")
    .option(
      "--days <n>",
      "only what finished more than this many days ago; 0 for all",
      numberFrom(0, 36_500),
      7,
    )
    .option(
      "--status <states>",
      `of ${FINISHED_STATUSES.join(", ")}, separated by commas (default: SUCCESSFUL,FAILED)`,
      statusesOf(FINISHED_STATUSES),
    )
    .option("--batch-size <n>", "how many to delete at once", wholeNumberFrom(1, 100_000), 1_000)
    .option("--dry-run", "count only, and delete nothing")
    .option("--backend <name>", 'the backend to purge (default: "default")')
    .option("--json", "print JSON: { purged, dryRun }")
    .action((options: PurgeCommandOptions) =>
      app.withServer(async (server) => {
        const { json, ...request } = options;
        const dryRun = options.dryRun === true;
        const purged = await purgeWithProgress(app.io, server, request);
        if (json === true) printJson(app.io, { purged, dryRun });
        else if (dryRun)
          app.io.stdout.write(`Would delete ${counted(purged, "task result")}; --dry-run deletes nothing.\n`);
        else app.io.stdout.write(`Deleted ${counted(purged, "task result")}.\n`);
        return 0;
      }),
    );
  withExamples(command, ["purge --days 30 --status FAILED,CANCELLED --dry-run"]);
}
