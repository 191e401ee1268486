import { TaskError } from "@taskwright/shared";
import type { RunningAttempt } from "./attempt.ts";
import type { Engine, EngineTask } from "./engine.ts";
import type { HandlerArguments, MiddlewareArguments, MiddlewareResult } from "./handler-types.ts";
import { childLogger, type Logger } from "./logger.ts";
import { serverClient } from "./server-client.ts";
import type { ServerTaskClient } from "./server-task-client.ts";

interface AnyRouter {
  readonly "~router": unknown;
}

/** What a handler gets; what few handlers use is made when it is asked for. */
class HandlerCall implements HandlerArguments<unknown, unknown, AnyRouter> {
  readonly input: unknown;
  readonly ctx: unknown;
  readonly attempt: RunningAttempt;
  /** Of an attempt that runs in a transaction, its client. */
  readonly tx: unknown;
  readonly #engine: Engine;

  constructor(
    engine: Engine,
    attempt: RunningAttempt,
    values: { readonly input: unknown; readonly ctx: unknown; readonly tx?: unknown },
  ) {
    this.#engine = engine;
    this.attempt = attempt;
    this.input = values.input;
    this.ctx = values.ctx;
    this.tx = values.tx;
  }

  get signal(): AbortSignal {
    return this.attempt.signal;
  }
  get client(): ServerTaskClient<AnyRouter> {
    return serverClient(this.#engine, this.attempt.parentOfCalls);
  }
  get logger(): Logger {
    return attemptLogger(this.#engine.logger, this.attempt);
  }
}

function attemptLogger(logger: Logger, attempt: RunningAttempt): Logger {
  return childLogger(logger, { task: attempt.path, id: attempt.id, attempt: attempt.number });
}

/** Calls a task's handler inside its middleware; rejects with whatever either throws. */
export function callHandler(
  engine: Engine,
  task: EngineTask,
  call: {
    readonly attempt: RunningAttempt;
    readonly input: unknown;
    readonly ctx: unknown;
    readonly tx?: unknown;
  },
): unknown {
  const { attempt, input, tx } = call;
  const built = task.handler;
  if (built === undefined) {
    throw new TaskError({ code: "HANDLER_MISSING", message: `This server has no handler for ${task.path}.` });
  }
  const { middleware } = built;
  if (middleware.length === 0) return built.handle(new HandlerCall(engine, attempt, call));
  const step = async (index: number, ctx: unknown): Promise<MiddlewareResult<object>> => {
    const around = middleware[index];
    if (around === undefined) {
      return { output: await built.handle(new HandlerCall(engine, attempt, { input, ctx, tx })) };
    }
    let called = false;
    const next = (more?: { readonly ctx: object }) => {
      if (called) throw new Error(`A middleware of ${task.path} called next() twice.`);
      called = true;
      const running = step(index + 1, more === undefined ? ctx : { ...(ctx as object), ...more.ctx });
      // A middleware that ends without it must not end the process when it fails later.
      running.catch(() => undefined);
      return running;
    };
    const args: MiddlewareArguments<unknown> = {
      input,
      ctx,
      attempt,
      get signal() {
        return attempt.signal;
      },
      get logger() {
        return attemptLogger(engine.logger, attempt);
      },
      next: next as MiddlewareArguments<unknown>["next"],
    };
    const result = await around(args);
    if (typeof result !== "object" || result === null || !("output" in result)) {
      throw new Error(`A middleware of ${task.path} must return what next() gave, or { output }.`);
    }
    return result;
  };
  return step(0, call.ctx).then((result) => result.output);
}
