import {
  type AnyRouter,
  type ListOptions,
  TASK_STATUSES,
  type TaskResult,
  type TaskStatus,
} from "@taskwright/shared";
import type { Command } from "commander";
import type { TaskServer } from "../../create-task-server.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { elapsed } from "../elapsed-time.ts";
import { printJson } from "../json-output.ts";
import { checkQueue, checkTask } from "../known-names.ts";
import { statusesOf, wholeNumberFrom } from "../option-values.ts";
import { printTable } from "../text-table.ts";

interface ResultsListOptions {
  readonly status?: readonly TaskStatus[];
  readonly queue?: string;
  readonly task?: string;
  readonly tag?: string;
  readonly limit: number;
  readonly offset?: number;
  readonly cursor?: string;
  readonly backend?: string;
  readonly json?: boolean;
}

const COLUMNS = [
  { title: "ID" },
  { title: "STATUS" },
  { title: "TASK", shrinks: true },
  { title: "QUEUE", dropOrder: 1 },
  { title: "ATTEMPTS", align: "right", dropOrder: 2 },
  { title: "AGE", align: "right" },
] as const;

function listOptions({ json: _json, ...options }: ResultsListOptions): ListOptions {
  return options;
}

/** An empty answer may come from a mistyped name; then that is what the user should hear. */
function checkNames(server: TaskServer<AnyRouter>, options: ResultsListOptions): void {
  if (options.task !== undefined) checkTask(server, options.task);
  if (options.queue !== undefined) checkQueue(server, options.queue);
}

/** Without payloads, which `results show` prints, and without stacks: a list may travel further than its reader thinks. */
function listed(result: TaskResult): Record<string, unknown> {
  const { input: _input, output: _output, progress: _progress, ...facts } = result.toJSON();
  return { ...facts, errors: result.errors.map(({ stack: _stack, ...error }) => error) };
}

/** `READY in 3d` of one that is due later. */
function statusText({ status, runAfter }: TaskResult, now: number): string {
  const waitMs = runAfter.getTime() - now;
  return status === "READY" && waitMs > 0 ? `READY in ${elapsed(waitMs)}` : status;
}

/** Adds `taskwright results list`. */
export function addResultsListCommand(results: Command, app: CliApp): void {
  const command = results
    .command("list")
    .summary("list task results, newest first")
    .description("List task results, newest first.")
    .option(
      "--status <states>",
      `only these: ${TASK_STATUSES.join(", ")}, separated by commas`,
      statusesOf(TASK_STATUSES),
    )
    .option("--queue <name>", "only of this queue")
    .option("--task <path>", "only of this task")
    .option("--tag <tag>", "only with this tag")
    .option("--limit <n>", "how many to list, 1 to 1000", wholeNumberFrom(1, 1_000), 20)
    .option("--offset <n>", "how many to pass over", wholeNumberFrom(0))
    .option("--cursor <cursor>", "go on where the page before ended")
    .option("--backend <name>", 'the backend to look in (default: "default")')
    .option("--json", "print JSON: { results, nextCursor }, without inputs and outputs")
    .action((options: ResultsListOptions) =>
      app.withServer(async (server) => {
        const { results: found, nextCursor } = await server.executor.getTasks(listOptions(options));
        if (found.length === 0) checkNames(server, options);
        if (options.json === true) {
          printJson(app.io, { results: found.map(listed), nextCursor });
          return 0;
        }
        if (found.length === 0) {
          app.io.stderr.write("No task results.\n");
          return 0;
        }
        const now = Date.now();
        const rows = found.map((result) => [
          result.id,
          statusText(result, now),
          result.path,
          result.queue,
          String(result.attempts),
          elapsed(now - result.enqueuedAt.getTime()),
        ]);
        printTable(app.io, COLUMNS, rows);
        if (nextCursor !== null) app.io.stderr.write(`There are more: add --cursor ${nextCursor}\n`);
        return 0;
      }),
    );
  withExamples(command, [
    "results list --status FAILED,CANCELLED --task billing.invoice",
    "results list --limit 100 --json",
  ]);
}
