import { type AnyRouter, TaskError, type TaskResult } from "@taskwright/shared";
import type { Command } from "commander";
import type { TaskServer } from "../../create-task-server.ts";
import type { CliApp } from "../app.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import { elapsed } from "../elapsed-time.ts";
import { findResult } from "../find-result.ts";
import { printJson } from "../json-output.ts";
import { painter, singleLine } from "../terminal-text.ts";

interface ExecuteOptions {
  readonly allowRetry?: boolean;
  readonly backend?: string;
  readonly json?: boolean;
}

/** The executor's own words name its option, not the flag. */
function refuseEnded({ id, path, status }: TaskResult): void {
  if (status !== "FAILED" && status !== "CANCELLED") return;
  throw new TaskError({
    code: "NOT_EXECUTABLE",
    message: `${path} ${id} is ${status}; --allow-retry runs it again.`,
    data: { id, path, status },
  });
}

/** Runs it; a signal stops the handler and gives the task result back, and a second one exits at once. */
async function runOnce(
  io: CliIo,
  server: TaskServer<AnyRouter>,
  call: { readonly found: TaskResult; readonly allowRetry: boolean },
): Promise<TaskResult> {
  const { id, backend } = call.found;
  // The exit code says how the task result ended.
  io.neglectOutput();
  const stopped = new AbortController();
  const stopListening = io.onStopSignal((name) => {
    if (stopped.signal.aborted) io.exit(130);
    else io.stderr.write(`${name}: stopping the handler; a second signal exits at once\n`);
    stopped.abort();
  });
  try {
    const { allowRetry } = call;
    return await server.executor.runTaskById(id, { allowRetry, backend, signal: stopped.signal });
  } finally {
    stopListening();
  }
}

function report(io: CliIo, result: TaskResult): void {
  const name = `${result.path} ${result.id}`;
  if (result.status === "SUCCESSFUL") {
    io.stdout.write(`${singleLine(name)} is SUCCESSFUL after attempt ${result.attempts}.\n`);
    return;
  }
  const error = result.errors.at(-1);
  const reason = error === undefined ? "" : `: ${error.type}: ${error.message}`;
  const next =
    result.status === "READY" ? `, due again in ${elapsed(result.runAfter.getTime() - Date.now())}` : "";
  const paint = painter(io.stderr, io.env);
  io.stderr.write(
    `${paint("red", "Error:")} ${singleLine(`${name} is ${result.status} after attempt ${result.attempts}${next}${reason}`)}\n`,
  );
}

/** Adds `taskwright execute`. */
export function addExecuteCommand(program: Command, app: CliApp): void {
  const command = program
    .command("execute")
    .argument("<id>", "a task result's id")
    .summary("run one READY task result now, in this process")
    .description(
      "Run one READY task result now, due or not, in this process. Exits 0 when it ends SUCCESSFUL.",
    )
    .option("--allow-retry", "run a FAILED or CANCELLED one too")
    .option("--backend <name>", "the backend to look in (default: all)")
    .option("--json", "print the task result as JSON")
    .action((id: string, options: ExecuteOptions) =>
      app.withServer(async (server) => {
        const found = await findResult(server, id, options.backend);
        if (options.allowRetry !== true) refuseEnded(found);
        const result = await runOnce(app.io, server, { found, allowRetry: options.allowRetry === true });
        if (options.json === true) printJson(app.io, result);
        else report(app.io, result);
        return result.status === "SUCCESSFUL" ? 0 : 1;
      }),
    );
  withExamples(command, ["execute 0199f0c4-6a30-7d3e-9d5a-0d9f1c3f8a11 --allow-retry"]);
}
