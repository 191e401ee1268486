import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { addResultsClearCommand } from "./results-clear.ts";
import { addResultsListCommand } from "./results-list.ts";
import { addResultsShowCommand } from "./results-show.ts";

/** Adds `taskwright results`: list, show, clear. */
export function addResultsCommands(program: Command, app: CliApp): void {
  const results = program
    .command("results")
    .summary("list, show and clear task results")
    .description("List, show and clear task results.");
  addResultsListCommand(results, app);
  addResultsShowCommand(results, app);
  addResultsClearCommand(results, app);
}
