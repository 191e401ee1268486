import {
  type AnyRouter,
  type ListOptions,
  TASK_STATUSES,
  type TaskResult,
  type TaskStatus,
} from "@taskwright/shared";
import { type Command, Option } from "commander";
import type { InputCondition } from "../../backend/index.ts";
import { type FilteredPage, listFiltered } from "../../core/list-results.ts";
import type { TaskServer } from "../../create-task-server.ts";
import type { CliApp } from "../app.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import { elapsed } from "../elapsed-time.ts";
import { printJson } from "../json-output.ts";
import { checkQueue, checkTask } from "../known-names.ts";
import { statusesOf, wholeNumberFrom } from "../option-values.ts";
import { counted } from "../terminal-text.ts";
import { printTable } from "../text-table.ts";
import { whereOption } from "../where-option.ts";

interface ResultsListOptions {
  readonly status?: readonly TaskStatus[];
  readonly queue?: string;
  readonly task?: string;
  readonly tag?: string;
  readonly where?: readonly InputCondition[];
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

function listOptions({ json: _json, where: _where, ...options }: ResultsListOptions): ListOptions {
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

/** What there is to say below a page: how far it got, and how to go on. */
function reachText({ results, nextCursor, scan }: FilteredPage, now: number): string {
  const next = nextCursor === null ? "" : `: add --cursor ${nextCursor}`;
  if (scan?.isCutShort === true) {
    const back = scan.reachedAt === null ? "" : `, back to ${elapsed(now - scan.reachedAt)} ago`;
    const none = results.length === 0 ? "No task results so far. " : "";
    return `${none}Looked at ${counted(scan.looked, "task result")}${back}; there may be more${next}\n`;
  }
  if (results.length === 0) return "No task results.\n";
  return nextCursor === null ? "" : `There are more${next}\n`;
}

function printPage(io: CliIo, page: FilteredPage): void {
  const now = Date.now();
  const rows = page.results.map((result) => [
    result.id,
    statusText(result, now),
    result.path,
    result.queue,
    String(result.attempts),
    elapsed(now - result.enqueuedAt.getTime()),
  ]);
  if (rows.length > 0) printTable(io, COLUMNS, rows);
  io.stderr.write(reachText(page, now));
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
    .addOption(
      new Option(
        "--where <condition>",
        "only with an input whose leaf is so, as customer.id=42 or amount>=10; also several times; looks at 10,000 at a time",
      ).argParser(whereOption),
    )
    .option("--limit <n>", "how many to list, 1 to 1000", wholeNumberFrom(1, 1_000), 20)
    .option("--offset <n>", "how many to pass over", wholeNumberFrom(0))
    .option("--cursor <cursor>", "go on where the page before ended")
    .option("--backend <name>", 'the backend to look in (default: "default")')
    .option(
      "--json",
      "print JSON: { results, nextCursor }, without inputs and outputs; with --where also { scan }",
    )
    .action((options: ResultsListOptions) =>
      app.withServer(async (server) => {
        const { where = [] } = options;
        const page = await listFiltered(server["~engine"], listOptions(options), where);
        const { results: found, nextCursor, scan } = page;
        if (found.length === 0) checkNames(server, options);
        if (options.json === true) {
          const reachedAt = scan === null || scan.reachedAt === null ? null : new Date(scan.reachedAt);
          const reach = scan === null ? {} : { scan: { ...scan, reachedAt } };
          printJson(app.io, { results: found.map(listed), nextCursor, ...reach });
        } else printPage(app.io, page);
        return 0;
      }),
    );
  withExamples(command, [
    "results list --status FAILED,CANCELLED --task billing.invoice",
    "results list --limit 100 --json",
    "results list --task sendEmail --where to=ada@example.org",
  ]);
}
