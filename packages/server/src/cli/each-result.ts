import { type AnyRouter, isTaskError, type TaskErrorCode, type TaskResult } from "@taskwright/shared";
import { checkResultId } from "../core/find-record.ts";
import type { TaskServer } from "../create-task-server.ts";
import { messageOf } from "./cli-error.ts";
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

function printAnswers(io: CliIo, answers: readonly Answer[]): void {
  printJson(
    io,
    answers.map(({ isDone: _isDone, ...answer }) => answer),
  );
}

/** Says what was not reached because of an error, which the caller throws. */
function reportRest(
  io: CliIo,
  answers: readonly Answer[],
  stopped: { readonly error: unknown; readonly ids: readonly string[]; readonly json: boolean },
): void {
  const { error, json } = stopped;
  const [failing = "", ...untried] = stopped.ids;
  if (json) {
    const none = { task: null, isDone: false };
    const code = isTaskError(error) ? error.code : "INTERNAL_ERROR";
    const message = "It was not tried, as the command ended at the one before.";
    printAnswers(io, [
      ...answers,
      { ...none, id: failing, outcome: "failed", message: messageOf(error), code },
      ...untried.map((id) => ({ ...none, id, outcome: "untried", message, code: null })),
    ]);
  } else if (untried.length > 0) io.stderr.write(`Not tried: ${safeLines(untried.join(", "))}\n`);
}

/** Does one thing to each of several task results and says what became of each; resolves to the exit code. */
export async function actOnEach(io: CliIo, server: TaskServer<AnyRouter>, each: EachResult): Promise<number> {
  const ids = [...new Set(each.ids)];
  // What is asked for wrongly must show before anything is changed.
  for (const id of ids) checkResultId(id);
  if (each.backend !== undefined) server["~engine"].backend(each.backend);
  const answers: Answer[] = [];
  const paint = painter(io.stderr, io.env);
  for (const [index, id] of ids.entries()) {
    let answer: Answer;
    try {
      answer = await answerFor(server, each, id);
    } catch (error) {
      reportRest(io, answers, { error, ids: ids.slice(index), json: each.json });
      throw error;
    }
    answers.push(answer);
    if (each.json) continue;
    if (answer.isDone) io.stdout.write(`${safeLines(answer.message)}\n`);
    else io.stderr.write(`${paint("red", "Error:")} ${safeLines(answer.message)}\n`);
  }
  if (each.json) printAnswers(io, answers);
  return answers.every(({ isDone }) => isDone) ? 0 : 1;
}
