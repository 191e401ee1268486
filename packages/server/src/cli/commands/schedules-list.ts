import type { TaskSchedule } from "@taskwright/shared";
import type { Command } from "commander";
import type { ScheduleListOptions, SchedulePage } from "../../core/schedules.ts";
import type { CliApp } from "../app.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { checkTask } from "../known-names.ts";
import { wholeNumberFrom } from "../option-values.ts";
import { lastText, nextText, stateText } from "../schedule-text.ts";
import { printTable } from "../text-table.ts";

interface SchedulesListOptions extends ScheduleListOptions {
  readonly limit: number;
  readonly json?: boolean;
}

const COLUMNS = [
  { title: "ID" },
  { title: "TASK", shrinks: true },
  { title: "CRON", shrinks: true },
  { title: "ZONE", dropOrder: 1 },
  { title: "NEXT" },
  { title: "LAST", dropOrder: 2 },
  { title: "STATE" },
] as const;

/** Without its input: a list may travel further than its reader thinks. */
function listed(schedule: TaskSchedule): Record<string, unknown> {
  const { input: _input, ...facts } = schedule.toJSON();
  return facts;
}

function printPage(io: CliIo, { schedules, nextCursor }: SchedulePage): void {
  const now = Date.now();
  const rows = schedules.map((schedule) => [
    schedule.id,
    schedule.path,
    schedule.cron,
    schedule.timeZone,
    nextText(schedule, now),
    lastText(schedule, now),
    stateText(schedule),
  ]);
  if (rows.length > 0) printTable(io, COLUMNS, rows);
  else io.stderr.write("No schedules.\n");
  if (nextCursor !== null) io.stderr.write(`There are more: add --cursor ${nextCursor}\n`);
}

/** Adds `taskwright schedules list`. */
export function addSchedulesListCommand(schedules: Command, app: CliApp): void {
  const command = schedules
    .command("list")
    .summary("list schedules, by id")
    .description("List schedules, by id.")
    .option("--task <path>", "only of this task")
    .option("--limit <n>", "how many to list, 1 to 1000", wholeNumberFrom(1, 1_000), 100)
    .option("--cursor <cursor>", "go on where the page before ended")
    .option("--backend <name>", 'the backend to look in (default: "default")')
    .option("--json", "print JSON: { schedules, nextCursor }, without inputs")
    .action(({ json, ...options }: SchedulesListOptions) =>
      app.withServer(async (server) => {
        const page = await server.client.schedules.list(options);
        // An empty answer may come from a mistyped name; then that is what the user should hear.
        if (page.schedules.length === 0 && options.task !== undefined) checkTask(server, options.task);
        if (json === true)
          printJson(app.io, { schedules: page.schedules.map(listed), nextCursor: page.nextCursor });
        else printPage(app.io, page);
        return 0;
      }),
    );
  withExamples(command, ["schedules list", "schedules list --task billing.invoice --json"]);
}
