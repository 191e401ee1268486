import {
  type AnyRouter,
  isTaskError,
  TASK_STATUSES,
  type TaskErrorCode,
  type TaskStatus,
} from "@taskwright/shared";
import type { Command } from "commander";
import type { QueueStats } from "../../core/executor.ts";
import type { OpenedBackend } from "../../core/opened-backend.ts";
import type { TaskServer } from "../../create-task-server.ts";
import type { CliApp } from "../app.ts";
import { COUNT_UP_TO, cappedText } from "../capped-count.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import { elapsed } from "../elapsed-time.ts";
import { printJson } from "../json-output.ts";
import { painter, safeLines } from "../terminal-text.ts";
import { printTable } from "../text-table.ts";

interface StatusOptions {
  readonly backend?: string;
  readonly exact?: boolean;
  readonly json?: boolean;
}

interface BackendStatus {
  readonly backend: string;
  readonly kind: string;
  /** By state; null when the backend did not answer. */
  readonly counts: Record<TaskStatus, number> | null;
  /** False: what was counted up to 10,000 may be more. */
  readonly isExact: boolean;
  readonly queues: readonly QueueStats[];
  readonly error: { readonly code: TaskErrorCode; readonly message: string } | null;
}

const COLUMNS = [
  { title: "QUEUE", shrinks: true },
  { title: "DUE", align: "right" },
  { title: "LATER", align: "right" },
  { title: "RUNNING", align: "right" },
  { title: "SUCCESSFUL", align: "right" },
  { title: "FAILED", align: "right" },
  { title: "CANCELLED", align: "right" },
  { title: "OLDEST", align: "right" },
] as const;

function numbersOf(row: QueueStats): readonly number[] {
  return [row.pending, row.delayed, row.running, row.successful, row.failed, row.cancelled];
}

async function statusOf(
  server: TaskServer<AnyRouter>,
  { name: backend, backend: { kind } }: OpenedBackend,
  isAll: boolean,
): Promise<BackendStatus> {
  try {
    const queues = await server.executor.getQueueStats(isAll ? { backend } : { backend, upTo: COUNT_UP_TO });
    const isExact = isAll || queues.every((row) => numbersOf(row).every((number) => number < COUNT_UP_TO));
    const sum = (of: (row: QueueStats) => number) => queues.reduce((total, row) => total + of(row), 0);
    const counts = {
      READY: sum((row) => row.pending + row.delayed),
      RUNNING: sum((row) => row.running),
      SUCCESSFUL: sum((row) => row.successful),
      FAILED: sum((row) => row.failed),
      CANCELLED: sum((row) => row.cancelled),
    };
    return { backend, kind, counts, isExact, queues, error: null };
  } catch (error) {
    if (!isTaskError(error)) throw error;
    const { code, message } = error;
    return { backend, kind, counts: null, isExact: false, queues: [], error: { code, message } };
  }
}

function printStatus(io: CliIo, status: BackendStatus): void {
  const paint = painter(io.stdout, io.env);
  io.stdout.write(`${paint("bold", `backend ${status.backend}`)} (${status.kind})\n`);
  if (status.counts === null) {
    io.stderr.write(
      `${painter(io.stderr, io.env)("red", "Error:")} ${safeLines(status.error?.message ?? "")}\n`,
    );
    return;
  }
  const { counts, queues, isExact } = status;
  if (queues.length === 0) {
    io.stdout.write("no task results\n");
    return;
  }
  const text = (count: number) => (isExact ? String(count) : cappedText(count));
  io.stdout.write(`${TASK_STATUSES.map((name) => `${text(counts[name])} ${name}`).join(", ")}\n\n`);
  const now = Date.now();
  const rows = queues.map((row) => [
    row.queue,
    ...numbersOf(row).map(text),
    row.oldestPendingAt === null ? "-" : elapsed(now - row.oldestPendingAt.getTime()),
  ]);
  printTable(io, COLUMNS, rows);
}

/** Adds `taskwright status`. */
export function addStatusCommand(program: Command, app: CliApp): void {
  const command = program
    .command("status")
    .summary("count task results by state and queue")
    .description(
      "Count task results by state and queue. DUE and LATER are READY ones, OLDEST is how long the first of them has been due.",
    )
    .option("--exact", "count all of them, however many they are (default: up to 10,000 of each)")
    .option("--backend <name>", "only this backend (default: all)")
    .option("--json", "print JSON: { backends: [{ backend, kind, counts, isExact, queues, error }] }")
    .action((options: StatusOptions) =>
      app.withServer(async (server) => {
        const engine = server["~engine"];
        const chosen =
          options.backend === undefined ? [...engine.backends.values()] : [engine.backend(options.backend)];
        const backends = await Promise.all(
          chosen.map((opened) => statusOf(server, opened, options.exact === true)),
        );
        if (options.json === true) printJson(app.io, { backends });
        else {
          for (const [index, status] of backends.entries()) {
            if (index > 0) app.io.stdout.write("\n");
            printStatus(app.io, status);
          }
        }
        return backends.some(({ error }) => error !== null) ? 1 : 0;
      }),
    );
  withExamples(command, ["status", "status --json"]);
}
