import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { findResult } from "../find-result.ts";
import { printJson } from "../json-output.ts";
import { printResult } from "../result-page.ts";

interface ResultsShowOptions {
  readonly backend?: string;
  readonly json?: boolean;
}

/** Adds `taskwright results show`. */
export function addResultsShowCommand(results: Command, app: CliApp): void {
  const command = results
    .command("show")
    .argument("<id>", "a task result's id")
    .summary("show one task result with its input and output")
    .description(
      "Show one task result with its input, output and errors; with --verbose the errors' stacks too.",
    )
    .option("--backend <name>", "the backend to look in (default: all)")
    .option("--json", "print JSON")
    .action((id: string, options: ResultsShowOptions) =>
      app.withServer(async (server) => {
        const result = await findResult(server, id, options.backend);
        if (options.json === true) printJson(app.io, result);
        else printResult(app.io, result, { withStacks: app.globals.verbose === true });
        return 0;
      }),
    );
  withExamples(command, ["results show 0199f0c4-6a30-7d3e-9d5a-0d9f1c3f8a11"]);
}
