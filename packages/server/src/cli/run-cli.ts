import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { createApp, type GlobalOptions } from "./app.ts";
import { EXIT_CODES, exitCodeOf, reportError } from "./cli-error.ts";
import type { CliIo } from "./cli-io.ts";
import { PROGRAM_NOTES } from "./command-help.ts";
import { addCancelCommand } from "./commands/cancel.ts";
import { addDeadLettersCommands } from "./commands/dead-letters.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addExecuteCommand } from "./commands/execute.ts";
import { addMigrateCommand } from "./commands/migrate.ts";
import { addPurgeCommand } from "./commands/purge.ts";
import { addQstashDevCommand } from "./commands/qstash-dev.ts";
import { addResultsCommands } from "./commands/results.ts";
import { addRetryCommand } from "./commands/retry.ts";
import { addSchedulesCommands } from "./commands/schedules.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addTasksCommand } from "./commands/tasks.ts";
import { addWorkerCommand } from "./commands/worker.ts";
import { hasColours } from "./terminal-text.ts";

const WIDEST_HELP = 110;

function ownVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return manifest.version;
}

function createProgram(io: CliIo): Command {
  const widthOf = (columns: number | undefined) => Math.min(columns ?? 80, WIDEST_HELP);
  return new Command("taskwright")
    .description("Run and manage background tasks.")
    .version(ownVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .option(
      "--config <file>",
      "the config file (default: the nearest taskwright.config.* from this folder upwards)",
    )
    .option("--verbose", "print the stacks of errors")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => widthOf(io.stdout.columns),
      getErrHelpWidth: () => widthOf(io.stderr.columns),
      getOutHasColors: () => hasColours(io.stdout, io.env),
      getErrHasColors: () => hasColours(io.stderr, io.env),
      outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
    })
    .exitOverride()
    .addHelpText("after", PROGRAM_NOTES);
}

/**
 * Runs one command line; resolves to the exit code and never rejects.
 *
 * @param argv the words after the program's name
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const program = createProgram(io);
  const app = createApp(io, () => program.opts<GlobalOptions>());
  addWorkerCommand(program, app);
  addTasksCommand(program, app);
  addResultsCommands(program, app);
  addSchedulesCommands(program, app);
  addDeadLettersCommands(program, app);
  addRetryCommand(program, app);
  addCancelCommand(program, app);
  addExecuteCommand(program, app);
  addPurgeCommand(program, app);
  addMigrateCommand(program, app);
  addStatusCommand(program, app);
  addDoctorCommand(program, app);
  addQstashDevCommand(program, app);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return app.exitCode;
  } catch (error) {
    // commander has printed what it has to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    reportError(error, io, app.globals.verbose === true);
    return exitCodeOf(error);
  }
}
