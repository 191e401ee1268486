import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { addDeadLettersDeleteCommand } from "./dead-letters-delete.ts";
import { addDeadLettersListCommand } from "./dead-letters-list.ts";
import { addDeadLettersRedriveCommand } from "./dead-letters-redrive.ts";
import { addDeadLettersShowCommand } from "./dead-letters-show.ts";

/** Adds `taskwright dead-letters`: list, show, redrive, delete. */
export function addDeadLettersCommands(program: Command, app: CliApp): void {
  const deadLetters = program
    .command("dead-letters")
    .summary("list, show, redrive and delete dead letters")
    .description("List, show, redrive and delete dead letters: what QStash has given up on.");
  addDeadLettersListCommand(deadLetters, app);
  addDeadLettersShowCommand(deadLetters, app);
  addDeadLettersRedriveCommand(deadLetters, app);
  addDeadLettersDeleteCommand(deadLetters, app);
}
