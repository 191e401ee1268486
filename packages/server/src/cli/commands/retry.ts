import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { actOnEach } from "../each-result.ts";

interface RetryOptions {
  readonly backend?: string;
  readonly json?: boolean;
}

/** Adds `taskwright retry`. */
export function addRetryCommand(program: Command, app: CliApp): void {
  const command = program
    .command("retry")
    .argument("<ids...>", "task results' ids")
    .summary("make FAILED or CANCELLED task results READY again")
    .description(
      "Make FAILED or CANCELLED task results READY again, with all their retries; a worker then runs them.",
    )
    .option("--backend <name>", "the backend to look in (default: all)")
    .option("--json", "print JSON: one { id, task, outcome, message, code } per id")
    .action((ids: string[], options: RetryOptions) =>
      app.withServer((server) =>
        actOnEach(app.io, server, {
          ids,
          backend: options.backend,
          json: options.json === true,
          act: async ({ id, path, backend }) => {
            await server.executor.resetTaskForRetry(id, { backend });
            return { outcome: "requeued", message: `${path} ${id} is READY again.`, isDone: true };
          },
        }),
      ),
    );
  withExamples(command, ["retry 0199f0c4-6a30-7d3e-9d5a-0d9f1c3f8a11"]);
}
