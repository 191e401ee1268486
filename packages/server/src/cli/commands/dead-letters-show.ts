import type { Command } from "commander";
import type { DeadLetter } from "../../backend/index.ts";
import type { CliApp } from "../app.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import {
  DEAD_LETTER_BACKEND,
  type DeadLetterTarget,
  deadLetterBackend,
  sayNoDeadLetter,
} from "../dead-letter-backend.ts";
import { timeAndDistance } from "../elapsed-time.ts";
import { printJson } from "../json-output.ts";
import { painter, safeLines, singleLine } from "../terminal-text.ts";

type ShowOptions = DeadLetterTarget & { readonly json?: boolean };

function printLetter(io: CliIo, letter: DeadLetter): void {
  const paint = painter(io.stdout, io.env);
  const facts: readonly (readonly [string, string | null])[] = [
    ["id", letter.id],
    ["task", letter.path],
    ["task result", letter.taskId],
    ["schedule", letter.scheduleId],
    ["message", letter.messageId],
    ["sent", timeAndDistance(letter.createdAt, Date.now())],
    ["status", letter.status === null ? "no answer" : String(letter.status)],
  ];
  for (const [name, value] of facts)
    if (value !== null) io.stdout.write(`${paint("dim", name.padEnd(13))}${singleLine(value)}\n`);
  if (letter.answer !== null)
    io.stdout.write(`\n${paint("bold", "answer")}\n${safeLines(letter.answer).replace(/^/gm, "  ")}\n`);
}

/** Adds `taskwright dead-letters show`. */
export function addDeadLettersShowCommand(deadLetters: Command, app: CliApp): void {
  const { io } = app;
  const command = deadLetters
    .command("show")
    .argument("<id>", "a dead letter's id")
    .summary("show one dead letter with the last answer")
    .description("Show one dead letter with the answer that its last delivery got.")
    .option("--backend <name>", DEAD_LETTER_BACKEND)
    .option("--json", "print JSON")
    .action((id: string, { json, ...target }: ShowOptions) =>
      app.withServer(async (server) => {
        const letter = await (await deadLetterBackend(server, target)).deadLetters.get(id);
        if (letter === null) return sayNoDeadLetter(io, id);
        if (json === true) printJson(io, letter);
        else printLetter(io, letter);
        return 0;
      }),
    );
  withExamples(command, ["dead-letters show 1725323658779-0"]);
}
