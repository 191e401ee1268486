import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import {
  DEAD_LETTER_BACKEND,
  type DeadLetterTarget,
  deadLetterBackend,
  sayNoDeadLetter,
} from "../dead-letter-backend.ts";
import { printJson } from "../json-output.ts";
import { confirmed } from "../question.ts";
import { singleLine } from "../terminal-text.ts";

type DeleteOptions = DeadLetterTarget & { readonly input: boolean; readonly json?: boolean };

/** Adds `taskwright dead-letters delete`. */
export function addDeadLettersDeleteCommand(deadLetters: Command, app: CliApp): void {
  const { io } = app;
  const command = deadLetters
    .command("delete")
    .argument("<id>", "a dead letter's id")
    .summary("delete a dead letter")
    .description("Delete a dead letter. Asks first. Its task result stays as it is.")
    .option("--no-input", "do not ask")
    .option("--backend <name>", DEAD_LETTER_BACKEND)
    .option("--json", "print JSON: { id, deleted }")
    .action((id: string, { input, json, ...target }: DeleteOptions) =>
      app.withServer(async (server) => {
        const { deadLetters: letters } = await deadLetterBackend(server, target);
        const letter = await letters.get(id);
        if (letter === null) return sayNoDeadLetter(io, id);
        const name = singleLine(`${id} of ${letter.path ?? "no task"}`);
        if (input && !(await confirmed(io, `Delete the dead letter ${name}?`))) {
          io.stderr.write("\nNothing was deleted. --no-input deletes without asking.\n");
          return 1;
        }
        const deleted = await letters.delete(id);
        if (json === true) printJson(io, { id, deleted });
        else io.stdout.write(`The dead letter ${name} is deleted${deleted ? "" : " already"}.\n`);
        return 0;
      }),
    );
  withExamples(command, ["dead-letters delete 1725323658779-0 --no-input"]);
}
