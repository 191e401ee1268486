import type { AnyTask, AttemptErrorType, InputArguments } from "@taskwright/shared";
import { RunningAttempt } from "./attempt.ts";
import { attemptError } from "./attempt-error.ts";
import type { Engine, EngineTask } from "./engine.ts";
import { callHandler } from "./handler-call.ts";
import { nestByPath } from "./nest-by-path.ts";
import { encodeProgress } from "./progress.ts";
import type { SafeAttemptSpan } from "./safe-attempt-span.ts";
import { transactionRunnerOf } from "./transactional-attempt.ts";

/** Runs a task's handler now, in this process: `server.run.sendEmail(input)`. */
export type TaskRunners<TRecord> = {
  readonly [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? TaskRunners<TInner>
    : TRecord[K] extends AnyTask
      ? (...args: InputArguments<TRecord[K]["~types"]["input"]>) => Promise<TRecord[K]["~types"]["output"]>
      : never;
};

/** An attempt of no task result: its progress is checked and goes nowhere. */
class InlineAttempt extends RunningAttempt {
  override get parentOfCalls(): null {
    return null;
  }

  override async progress(value: unknown): Promise<void> {
    encodeProgress(this.path, value);
  }
}

function inlineAttempt(engine: Engine, task: EngineTask): InlineAttempt {
  const { options, path } = task;
  const now = engine.host.wallTime();
  return new InlineAttempt({
    claimed: {
      id: engine.host.newId(),
      token: "inline",
      path,
      queue: options.queue,
      priority: options.priority,
      codec: task.payload.codec.id,
      input: null,
      attempts: 1,
      retriesUsed: 0,
      lostAttempts: 0,
      maxRetries: 0,
      policy: null,
      enqueuedAt: now,
      runAfter: now,
      expiresAt: null,
      parentId: null,
      scheduleId: null,
      tags: options.tags,
    },
    opened: engine.backend(options.backend),
    workerId: `inline-${engine.host.processName}`,
    timeoutMs: null,
    host: engine.host,
  });
}

/** Runs a handler in a transaction that commits when it returns. */
async function inTransaction(
  { opened, path }: RunningAttempt,
  handle: (tx: unknown) => unknown,
): Promise<unknown> {
  const run = transactionRunnerOf(opened, path);
  await opened.use();
  return run({ timeoutMs: null, work: async (tx) => handle(tx) });
}

async function callInline(
  engine: Engine,
  task: EngineTask,
  { attempt, input }: { readonly attempt: RunningAttempt; readonly input: unknown },
): Promise<unknown> {
  const { id, path, queue, number } = attempt;
  const ctx =
    engine.createContext === undefined
      ? {}
      : await engine.createContext({ id, path, queue, attempt: number });
  const call = { attempt, input, ctx };
  return task.options.transaction
    ? inTransaction(attempt, (tx) => callHandler(engine, task, { ...call, tx }))
    : callHandler(engine, task, call);
}

async function inSpan(
  span: SafeAttemptSpan,
  attempt: RunningAttempt,
  parts: {
    readonly call: () => Promise<unknown>;
    readonly encode: (returned: unknown) => Promise<string | null> | string | null;
  },
): Promise<string | null> {
  let type: AttemptErrorType = "EXECUTION_ERROR";
  try {
    const returned = await span.within(parts.call);
    type = "PAYLOAD_ERROR";
    const output = await parts.encode(returned);
    span.end("SUCCESSFUL");
    return output;
  } catch (error) {
    const { number, workerId } = attempt;
    const at = attempt.enqueuedAt.getTime();
    span.failed(attemptError(type, error, { attempt: number, workerId, at }));
    span.end("FAILED");
    throw error;
  }
}

async function runInline(engine: Engine, task: EngineTask, value: unknown): Promise<unknown> {
  const codecId = task.payload.codec.id;
  const input = await task.payload.decodeInput(await task.payload.encodeInput(value), codecId);
  const attempt = inlineAttempt(engine, task);
  const call = () => callInline(engine, task, { attempt, input });
  const encode = (returned: unknown) => task.payload.encodeOutput(returned);
  const span = engine.tracer?.startAttempt(attempt, "run") ?? null;
  const output = await (span === null ? encode(await call()) : inSpan(span, attempt, { call, encode }));
  return task.payload.decodeOutput(output, codecId);
}

/** Makes the runners of an engine's tasks; payloads make the same trip through schemas and codec as in a worker. */
export function taskRunners(engine: Engine): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const task of engine.tasks.values()) {
    nestByPath(root, task.path, (value?: unknown) => runInline(engine, task, value));
  }
  return root;
}
