import { MISFIRES, type ScheduleCallOptions } from "@taskwright/shared";
import { type Command, Option } from "commander";
import type { ScheduleRule } from "../../core/schedule-options.ts";
import type { CliApp } from "../app.ts";
import { UsageError } from "../cli-error.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { checkQueue, checkTask } from "../known-names.ts";
import { collected, durationOf, timeoutOf, wholeNumberFrom } from "../option-values.ts";
import { scheduleLine } from "../schedule-text.ts";
import { singleLine } from "../terminal-text.ts";

type CreateOptions = Omit<ScheduleRule, "isPaused"> &
  Omit<ScheduleCallOptions, "tags"> & {
    readonly input?: string;
    readonly paused?: boolean;
    readonly tag?: readonly string[];
    readonly json?: boolean;
  };

/** Reads the input; what it says is in no message. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(
      `--input must be JSON, in single quotes for most shells: --input '{"to":"ada@example.com"}'.`,
    );
  }
}

/** Adds `taskwright schedules create`. */
export function addSchedulesCreateCommand(schedules: Command, app: CliApp): void {
  const command = schedules
    .command("create")
    .argument("<task>", "the path of a task")
    .summary("create a schedule, or change the one with its id")
    .description(
      "Create a schedule, or change the one with its id. A change sets all of it but whether it is paused.",
    )
    .requiredOption("--cron <rule>", "minute, hour, day of month, month and day of week")
    .option("--input <json>", "the task's input")
    .option("--id <id>", "what it is found by (default: a new one)")
    .option("--name <name>", "what people call it (default: the id, else the task's label)")
    .option("--time-zone <zone>", "the zone that the rule is meant in, as Europe/Berlin (default: UTC)")
    .addOption(
      new Option(
        "--misfire <how>",
        "of times that passed without a worker: enqueue one, none or each (default: once)",
      ).choices(MISFIRES),
    )
    .option("--paused", "it waits to be resumed")
    .option("--queue <name>", "the queue of what it enqueues")
    .option("--priority <n>", "-100 to 100, higher first", wholeNumberFrom(-100, 100))
    .option("--max-retries <n>", "attempts after the first, 0 to 1000", wholeNumberFrom(0, 1_000))
    .option("--timeout <duration>", "how long an attempt may run, as 5m; none for no limit", timeoutOf)
    .option("--expires <duration>", "fail unless started this long after it is due", durationOf)
    .option("--tag <tag>", "a word to find its task results by; also several times", collected)
    .option("--backend <name>", "the backend that keeps it (default: the task's)")
    .option("--json", "print JSON")
    .action((task: string, { json, input, paused, tag, ...options }: CreateOptions) =>
      app.withServer(async (server) => {
        checkTask(server, task);
        if (options.queue !== undefined) checkQueue(server, options.queue);
        const schedule = await server.client.schedules.create({
          ...options,
          task,
          ...(input === undefined ? {} : { input: inputOf(input) }),
          ...(paused === true ? { isPaused: true } : {}),
          ...(tag === undefined ? {} : { tags: tag }),
        } as never);
        if (json === true) printJson(app.io, schedule);
        else app.io.stdout.write(`${singleLine(scheduleLine(schedule, Date.now()))}\n`);
        return 0;
      }),
    );
  withExamples(command, [
    'schedules create cleanUp --id nightly --cron "0 4 * * *"',
    `schedules create report --cron "0 9 * * MON" --input '{"days":7}'`,
  ]);
}
