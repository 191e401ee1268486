import { isTaskError, type ResultAddress, TaskError, type TaskResult, toWire } from "@taskwright/shared";
import { DirectTransport } from "../core/direct-transport.ts";
import type { CallerRights } from "./caller-rights.ts";
import { progressEvents } from "./progress-events.ts";
import { answering, type ProcedureParts, readFields } from "./task-procedures.ts";
import { toTrpcError } from "./trpc-errors.ts";
import type { ResolverCall } from "./trpc-instance.ts";

/** How long `wait` waits at most; shorter than what proxies and browsers put up with. */
const LONGEST_WAIT_MS = 25_000;

interface ResultParts extends ProcedureParts {
  /** Whether a task is among those that callers may know of. */
  readonly isExposed: (path: string) => boolean;
}

function noResult(id: string): TaskError {
  return new TaskError({
    code: "RESULT_NOT_FOUND",
    message: `There is no task result ${id.slice(0, 100)} that this caller may read.`,
    data: { id: id.slice(0, 100) },
  });
}

function readAddress(
  fields: Readonly<Record<string, unknown>>,
  rights: CallerRights<unknown>,
): ResultAddress {
  const { id, path = null, backend = null } = fields;
  if (typeof id !== "string" || id === "")
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "The id of a task result must be a non-empty string.",
      data: { option: "id" },
    });
  if (backend !== null && rights.allowOptions?.includes("backend") !== true)
    throw new TaskError({
      code: "FORBIDDEN",
      message: 'The option "backend" may not be set from here.',
      data: { option: "backend" },
    });
  return { id, path: path as string | null, backend: backend as string | null };
}

function readTimeout(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return LONGEST_WAIT_MS;
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return Math.min(timeoutMs, LONGEST_WAIT_MS);
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "timeoutMs must be a number of milliseconds, 0 or more.",
    data: { option: "timeoutMs" },
  });
}

/** Reads what a caller may read; whether there is anything else stays hidden. */
class ReadableResults {
  readonly transport: DirectTransport;
  readonly #parts: ResultParts;

  constructor(parts: ResultParts) {
    this.#parts = parts;
    this.transport = new DirectTransport(parts.engine, null, null, { outputs: parts.outputs, idOf: null });
  }

  async read(ctx: unknown, address: ResultAddress): Promise<TaskResult> {
    const { rights, isExposed } = this.#parts;
    if (rights.canRead === undefined)
      throw new TaskError({
        code: "FORBIDDEN",
        message: "Nobody may read task results from here: createTaskRouter() was given no canRead.",
      });
    const result = await this.#find(address);
    if (result === null || !isExposed(result.path) || (await rights.canRead(ctx, result)) !== true)
      throw noResult(address.id);
    if (address.path !== null && address.path !== result.path)
      throw new TaskError({
        code: "RESULT_MISMATCH",
        message: `${result.id} is a result of ${result.path}, not of ${String(address.path).slice(0, 200)}.`,
        data: { id: result.id, path: result.path },
      });
    return result;
  }

  async #find({ id, backend }: ResultAddress): Promise<TaskResult | null> {
    try {
      return await this.transport.getResult({ id, backend, path: null });
    } catch (error) {
      if (isTaskError(error, "RESULT_NOT_FOUND")) return null;
      throw error;
    }
  }
}

/** The procedures for task results, whatever their task. */
export function resultProcedures(parts: ResultParts): Readonly<Record<string, unknown>> {
  const { engine, rights } = parts;
  const procedure = parts.procedure.input((value) => value);
  const results = new ReadableResults(parts);
  const { transport } = results;
  const ADDRESS = ["id", "path", "backend"];

  const get = answering(parts, async ({ ctx, input }) => {
    const address = readAddress(readFields(input, "results.get", ADDRESS), rights);
    return toWire(await results.read(ctx, address));
  });

  const wait = answering(parts, async ({ ctx, input, signal = null }) => {
    const fields = readFields(input, "results.wait", [...ADDRESS, "timeoutMs"]);
    const address = readAddress(fields, rights);
    const timeoutMs = readTimeout(fields.timeoutMs);
    const result = await results.read(ctx, address);
    if (result.isFinished) return toWire(result);
    try {
      return toWire(await transport.waitForResult(address, { timeoutMs, signal }));
    } catch (error) {
      if (isTaskError(error, "RESULT_TIMEOUT")) return null;
      throw error;
    }
  });

  const cancel = answering(parts, async ({ ctx, input }) => {
    const address = readAddress(readFields(input, "results.cancel", ADDRESS), rights);
    const result = await results.read(ctx, address);
    if (rights.canCancel !== undefined && (await rights.canCancel(ctx, result)) !== true)
      throw new TaskError({
        code: "FORBIDDEN",
        message: "This caller may read the task result, and not cancel it.",
      });
    return transport.cancel(address);
  });

  async function* progress({ ctx, input, signal }: ResolverCall) {
    try {
      const fields = readFields(input, "results.progress", [...ADDRESS, "lastEventId"]);
      const address = readAddress(fields, rights);
      await results.read(ctx, address);
      const { lastEventId } = fields;
      yield* progressEvents(transport, address, {
        lastEventId: typeof lastEventId === "string" ? lastEventId : null,
        signal,
        host: engine.host,
      });
    } catch (error) {
      throw toTrpcError(error, engine.logger);
    }
  }

  return {
    get: procedure.query(get),
    wait: procedure.query(wait),
    cancel: procedure.mutation(cancel),
    progress: procedure.subscription(progress),
  };
}
