import type { Command } from "commander";
import type { ScheduleTarget } from "../../core/schedules.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { confirmed } from "../question.ts";

type SyncOptions = ScheduleTarget & { readonly input: boolean; readonly json?: boolean };

const QUESTION =
  "Make the schedules that the store keeps those that QStash has? What QStash does not have is removed from it.";

/** Adds `taskwright schedules sync`. */
export function addSchedulesSyncCommand(schedules: Command, app: CliApp): void {
  const { io } = app;
  const command = schedules
    .command("sync")
    .summary("bring kept schedules up to those that QStash has")
    .description(
      "Make the schedules that the store keeps those that QStash has for this app's URL. Asks first.",
    )
    .option("--no-input", "do not ask")
    .option("--backend <name>", "only this backend (default: all whose schedules are run elsewhere)")
    .option("--json", "print JSON: { added, changed, removed, unchanged }")
    .action(({ input, json, ...target }: SyncOptions) =>
      app.withServer(async (server) => {
        if (input && !(await confirmed(io, QUESTION))) {
          io.stderr.write("\nNothing was changed. --no-input syncs without asking.\n");
          return 1;
        }
        const done = await server.client.schedules.sync(target);
        const { added, changed, removed, unchanged } = done;
        const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
        if (json === true) printJson(io, done);
        else io.stdout.write(`Schedules: ${counts}.\n`);
        return 0;
      }),
    );
  withExamples(command, ["schedules sync --no-input"]);
}
