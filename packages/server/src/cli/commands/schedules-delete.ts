import type { Command } from "commander";
import type { ScheduleTarget } from "../../core/schedules.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { confirmed } from "../question.ts";
import { singleLine } from "../terminal-text.ts";

type DeleteOptions = ScheduleTarget & { readonly input: boolean; readonly json?: boolean };

/** Adds `taskwright schedules delete`. */
export function addSchedulesDeleteCommand(schedules: Command, app: CliApp): void {
  const { io } = app;
  const command = schedules
    .command("delete")
    .argument("<id>", "a schedule's id")
    .summary("delete a schedule")
    .description("Delete a schedule. Asks first. What it has enqueued stays.")
    .option("--no-input", "do not ask")
    .option("--backend <name>", "the backend to look in (default: all)")
    .option("--json", "print JSON: { id, deleted }")
    .action((id: string, { input, json, ...target }: DeleteOptions) =>
      app.withServer(async (server) => {
        const { path, backend } = await server.client.schedules.get(id, target);
        const name = singleLine(`${path} ${id}`);
        if (input && !(await confirmed(io, `Delete the schedule ${name}?`))) {
          io.stderr.write("\nNothing was deleted. --no-input deletes without asking.\n");
          return 1;
        }
        const deleted = await server.client.schedules.delete(id, { backend });
        if (json === true) printJson(io, { id, deleted });
        else io.stdout.write(`${name} is deleted${deleted ? "" : " already"}.\n`);
        return 0;
      }),
    );
  withExamples(command, ["schedules delete nightly --no-input"]);
}
