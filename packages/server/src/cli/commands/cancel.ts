import type { CancelAnswer, TaskResult } from "@taskwright/shared";
import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { actOnEach, type ResultOutcome } from "../each-result.ts";
import { findResult } from "../find-result.ts";

interface CancelOptions {
  readonly backend?: string;
  readonly json?: boolean;
}

function outcomeOf(answer: CancelAnswer, result: TaskResult): ResultOutcome {
  const name = `${result.path} ${result.id}`;
  if (answer === "cancelled") return { outcome: answer, message: `${name} is CANCELLED.`, isDone: true };
  if (answer === "requested") {
    const message = `${name} is RUNNING; its handler is asked to stop. If it returns normally all the same, that counts.`;
    return { outcome: answer, message, isDone: true };
  }
  const isCancelled = result.status === "CANCELLED";
  const message = `${name} is ${result.status} already${isCancelled ? "." : ": too late to cancel it."}`;
  return { outcome: answer, message, isDone: isCancelled };
}

/** Adds `taskwright cancel`. */
export function addCancelCommand(program: Command, app: CliApp): void {
  const command = program
    .command("cancel")
    .argument("<ids...>", "task results' ids")
    .summary("cancel task results that have not finished")
    .description("Cancel task results: READY ones at once; the handlers of RUNNING ones are asked to stop.")
    .option("--backend <name>", "the backend to look in (default: all)")
    .option("--json", "print JSON: one { id, task, outcome, message, code } per id")
    .action((ids: string[], options: CancelOptions) =>
      app.withServer((server) =>
        actOnEach(app.io, server, {
          ids,
          backend: options.backend,
          json: options.json === true,
          act: async ({ id, backend }) => {
            const answer = await server.client.results.cancel(id, { backend });
            // It may have finished since it was found.
            return outcomeOf(answer, await findResult(server, id, backend));
          },
        }),
      ),
    );
  withExamples(command, ["cancel 0199f0c4-6a30-7d3e-9d5a-0d9f1c3f8a11"]);
}
