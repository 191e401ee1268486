import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { addSchedulesCreateCommand } from "./schedules-create.ts";
import { addSchedulesDeleteCommand } from "./schedules-delete.ts";
import { addSchedulesListCommand } from "./schedules-list.ts";
import { addSchedulesPauseCommand, addSchedulesResumeCommand } from "./schedules-pause.ts";
import { addSchedulesSyncCommand } from "./schedules-sync.ts";

/** Adds `taskwright schedules`: list, create, pause, resume, delete, sync. */
export function addSchedulesCommands(program: Command, app: CliApp): void {
  const schedules = program
    .command("schedules")
    .summary("list, create, pause, resume, delete and sync schedules")
    .description("List, create, pause, resume, delete and sync schedules: cron rules that enqueue tasks.");
  addSchedulesListCommand(schedules, app);
  addSchedulesCreateCommand(schedules, app);
  addSchedulesPauseCommand(schedules, app);
  addSchedulesResumeCommand(schedules, app);
  addSchedulesDeleteCommand(schedules, app);
  addSchedulesSyncCommand(schedules, app);
}
