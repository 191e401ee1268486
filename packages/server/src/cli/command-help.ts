import type { Command } from "commander";

/** Ends a command's help with examples. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const title = examples.length === 1 ? "Example:" : "Examples:";
  return command.addHelpText(
    "after",
    `\n${title}\n${examples.map((line) => `  $ taskwright ${line}`).join("\n")}`,
  );
}

/** What the program's own help ends with. */
export const PROGRAM_NOTES: string = `
Commands read taskwright.config.ts (.mts, .js, .mjs), the nearest one from this
folder upwards, and run in its folder; qstash-dev needs none.

Exit codes:
  0    done
  1    failed
  2    asked for wrongly: an unknown command, option, value or name
  130  ended at once by a second signal

Environment:
  TASKWRIGHT_RESULT_TTL  seconds for which \`worker\` and \`results clear\` keep
                         SUCCESSFUL task results (604800)
  NO_COLOR               no colours

Examples:
  $ taskwright worker --queue emails
  $ taskwright results list --status FAILED
  $ taskwright <command> --help`;
