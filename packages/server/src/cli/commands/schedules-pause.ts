import type { AnyRouter, TaskSchedule } from "@taskwright/shared";
import type { Command } from "commander";
import type { Schedules, ScheduleTarget } from "../../core/schedules.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { scheduleLine } from "../schedule-text.ts";
import { singleLine } from "../terminal-text.ts";

type ChangeOptions = ScheduleTarget & { readonly json?: boolean };

type Change = (schedules: Schedules<AnyRouter>, id: string, target: ScheduleTarget) => Promise<TaskSchedule>;

/** Gives a command of one schedule its argument, options and action. */
function changing(command: Command, app: CliApp, change: Change): Command {
  return command
    .argument("<id>", "a schedule's id")
    .option("--backend <name>", "the backend to look in (default: all)")
    .option("--json", "print JSON")
    .action((id: string, { json, ...target }: ChangeOptions) =>
      app.withServer(async (server) => {
        const schedule = await change(server.client.schedules, id, target);
        if (json === true) printJson(app.io, schedule);
        else app.io.stdout.write(`${singleLine(scheduleLine(schedule, Date.now()))}\n`);
        return 0;
      }),
    );
}

/** Adds `taskwright schedules pause`. */
export function addSchedulesPauseCommand(schedules: Command, app: CliApp): void {
  const command = schedules
    .command("pause")
    .summary("stop a schedule until it is resumed")
    .description("Stop a schedule until it is resumed. What it has enqueued stays.");
  changing(command, app, (of, id, target) => of.pause(id, target));
  withExamples(command, ["schedules pause nightly"]);
}

/** Adds `taskwright schedules resume`. */
export function addSchedulesResumeCommand(schedules: Command, app: CliApp): void {
  const command = schedules
    .command("resume")
    .summary("let a paused schedule go on")
    .description(
      "Let a paused schedule go on with its next time; those during the pause are not made up for.",
    );
  changing(command, app, (of, id, target) => of.resume(id, target));
  withExamples(command, ["schedules resume nightly"]);
}
