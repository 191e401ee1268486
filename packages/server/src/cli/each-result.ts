import { type AnyRouter, isTaskError, type TaskErrorCode, type TaskResult } from "@taskwright/shared";
import type { TaskServer } from "../create-task-server.ts";
import type { CliIo } from "./cli-io.ts";
import { findResult } from "./find-result.ts";
import { printJson } from "./json-output.ts";
import { painter, safeLines } from "./terminal-text.ts";

/** What a command did about one of several ids. */
export interface ResultOutcome {
  readonly outcome: string;
  /** The line to print. */
  readonly message: string;
  readonly isDone: boolean;
}

type Answer = ResultOutcome & {
  readonly id: string;
  readonly task: string | null;
  readonly code: TaskErrorCode | null;
};

/** What {@link actOnEach} is told. */
export interface EachResult {
  readonly ids: readonly string[];
  readonly backend: string | undefined;
  readonly json: boolean;
  act(result: TaskResult): Promise<ResultOutcome>;
}

async function answerFor(server: TaskServer<AnyRouter>, each: EachResult, id: string): Promise<Answer> {
  let task: string | null = null;
  try {
    const result = await findResult(server, id, each.backend);
    task = result.path;
    return { id, task, code: null, ...(await each.act(result)) };
  } catch (error) {
    // Only what concerns this one task result; whatever else goes wrong ends the command.
    if (!isTaskError(error, "RESULT_NOT_FOUND") && !isTaskError(error, "NOT_EXECUTABLE")) throw error;
    return { id, task, code: error.code, outcome: "failed", message: error.message, isDone: false };
  }
}

/** Does one thing to each of several task results and says what became of each; resolves to the exit code. */
export async function actOnEach(io: CliIo, server: TaskServer<AnyRouter>, each: EachResult): Promise<number> {
  const answers: Answer[] = [];
  const paint = painter(io.stderr, io.env);
  for (const id of new Set(each.ids)) {
    const answer = await answerFor(server, each, id);
    answers.push(answer);
    if (each.json) continue;
    if (answer.isDone) io.stdout.write(`${safeLines(answer.message)}\n`);
    else io.stderr.write(`${paint("red", "Error:")} ${safeLines(answer.message)}\n`);
  }
  if (each.json)
    printJson(
      io,
      answers.map(({ isDone: _isDone, ...answer }) => answer),
    );
  return answers.every(({ isDone }) => isDone) ? 0 : 1;
}
