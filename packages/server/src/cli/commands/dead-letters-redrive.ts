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
import { counted } from "../terminal-text.ts";

type RedriveOptions = DeadLetterTarget & { readonly json?: boolean };

/** Adds `taskwright dead-letters redrive`. */
export function addDeadLettersRedriveCommand(deadLetters: Command, app: CliApp): void {
  const { io } = app;
  const command = deadLetters
    .command("redrive")
    .argument("<id...>", "dead letters' ids")
    .summary("send dead letters anew")
    .description(
      "Send dead letters anew and delete them. A FAILED task is READY again, with all its retries.",
    )
    .option("--backend <name>", DEAD_LETTER_BACKEND)
    .option("--json", "print JSON: { redriven, missing }")
    .action((ids: readonly string[], { json, ...target }: RedriveOptions) =>
      app.withServer(async (server) => {
        const { deadLetters: letters } = await deadLetterBackend(server, target);
        const redriven: string[] = [];
        const missing: string[] = [];
        for (const id of ids) {
          const isThere = (await letters.get(id)) !== null;
          if (isThere) await letters.redrive(id);
          (isThere ? redriven : missing).push(id);
        }
        if (json === true) printJson(io, { redriven, missing });
        else {
          if (redriven.length > 0) io.stdout.write(`Sent ${counted(redriven.length, "dead letter")} anew.\n`);
          for (const id of missing) sayNoDeadLetter(io, id);
        }
        return missing.length === 0 ? 0 : 1;
      }),
    );
  withExamples(command, ["dead-letters redrive 1725323658779-0"]);
}
