import { discoverTasks } from "@taskwright/shared";
import type { Command } from "commander";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { singleLine } from "../terminal-text.ts";
import { printTable } from "../text-table.ts";

interface TasksOptions {
  readonly locations?: boolean;
  readonly json?: boolean;
}

/** Adds `taskwright tasks`: the contract's tasks. */
export function addTasksCommand(program: Command, app: CliApp): void {
  const command = program
    .command("tasks")
    .summary("list the contract's tasks")
    .description("List the contract's tasks: the last name, the path and the label of each.")
    .option("--locations", "print the paths only, one per line")
    .option("--json", "print JSON")
    .action((options: TasksOptions) =>
      app.withServer(async (server) => {
        const found = discoverTasks(server.tasks);
        if (options.locations === true) {
          const paths = found.map(({ location }) => location);
          if (options.json === true) printJson(app.io, paths);
          else for (const path of paths) app.io.stdout.write(`${singleLine(path)}\n`);
          return 0;
        }
        if (options.json === true) {
          const { tasks } = server["~engine"];
          const rows = found.map((task) => ({
            ...task,
            queue: tasks.get(task.location)?.options.queue ?? null,
            hasHandler: tasks.get(task.location)?.handler !== undefined,
          }));
          printJson(app.io, rows);
          return 0;
        }
        printTable(
          app.io,
          [{ title: "NAME" }, { title: "PATH", shrinks: true }, { title: "LABEL", shrinks: true }],
          found.map(({ name, location, fieldLabel }) => [name, location, fieldLabel]),
        );
        return 0;
      }),
    );
  withExamples(command, ["tasks", "tasks --locations --json"]);
}
