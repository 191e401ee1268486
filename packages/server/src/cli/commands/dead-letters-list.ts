import type { Command } from "commander";
import type { DeadLetter, DeadLetterFilter } from "../../backend/index.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { DEAD_LETTER_BACKEND, type DeadLetterTarget, deadLetterBackend } from "../dead-letter-backend.ts";
import { elapsed } from "../elapsed-time.ts";
import { printJson } from "../json-output.ts";
import { wholeNumberFrom } from "../option-values.ts";
import { printTable } from "../text-table.ts";

type ListOptions = DeadLetterTarget & DeadLetterFilter & { readonly json?: boolean };

const COLUMNS = [
  { title: "ID" },
  { title: "TASK", shrinks: true },
  { title: "TASK RESULT", dropOrder: 1 },
  { title: "STATUS", align: "right" },
  { title: "AGE", align: "right" },
] as const;

/** Without the last answer, which anything between here and QStash may have written. */
function listed({ answer: _, ...facts }: DeadLetter): object {
  return facts;
}

function subjectOf({ taskId, scheduleId }: DeadLetter): string {
  return taskId ?? (scheduleId === null ? "-" : `schedule ${scheduleId}`);
}

/** Adds `taskwright dead-letters list`. */
export function addDeadLettersListCommand(deadLetters: Command, app: CliApp): void {
  const { io } = app;
  const command = deadLetters
    .command("list")
    .summary("list dead letters")
    .description("List what was given up on. STATUS is the HTTP status of the last delivery.")
    .option("--task <path>", "only of this task")
    .option("--limit <n>", "how many to list, 1 to 100", wholeNumberFrom(1, 100), 20)
    .option("--cursor <cursor>", "go on where the page before ended")
    .option("--backend <name>", DEAD_LETTER_BACKEND)
    .option("--json", "print JSON: { deadLetters, nextCursor }, without answers")
    .action(({ json, backend, ...filter }: ListOptions) =>
      app.withServer(async (server) => {
        const opened = await deadLetterBackend(server, backend === undefined ? {} : { backend });
        const { deadLetters: letters, nextCursor } = await opened.deadLetters.list(filter);
        if (json === true) {
          printJson(io, { deadLetters: letters.map(listed), nextCursor });
          return 0;
        }
        const now = Date.now();
        const rows = letters.map((letter) => [
          letter.id,
          letter.path ?? "-",
          subjectOf(letter),
          String(letter.status ?? "-"),
          elapsed(now - letter.createdAt.getTime()),
        ]);
        if (rows.length > 0) printTable(io, COLUMNS, rows);
        else io.stderr.write("No dead letters.\n");
        if (nextCursor !== null) io.stderr.write(`There are more: add --cursor ${nextCursor}\n`);
        return 0;
      }),
    );
  withExamples(command, ["dead-letters list --task sendEmail"]);
}
