import {
  checkResultPath,
  isTaskError,
  noReadableResult,
  type ResultAddress,
  readProcedureFields,
  readResultAddress,
  readWaitTimeout,
  TaskError,
  type TaskResult,
  type TaskResultOnWire,
  toWire,
} from "@taskwright/shared";
import { DirectTransport } from "../core/direct-transport.ts";
import { type FoundRecord, findRecord } from "../core/find-record.ts";
import { toListedResult, toTaskResult } from "../core/result-mapping.ts";
import { progressEvents } from "./progress-events.ts";
import { answering, type ProcedureParts } from "./task-procedures.ts";
import { toTrpcError } from "./trpc-errors.ts";
import type { ResolverCall } from "./trpc-instance.ts";

interface ResultParts extends ProcedureParts {
  /** Whether a task is among those that callers may know of. */
  readonly isExposed: (path: string) => boolean;
}

/** A task result that its caller may read. */
interface ReadableResult {
  readonly result: TaskResult;
  /** What frontends are shown of it; rejects with PAYLOAD_ERROR where the contract cannot read its payloads any more. */
  readonly onWire: () => Promise<TaskResultOnWire>;
}

/** Reads what a caller may read; whether there is anything else stays hidden. */
class ReadableResults {
  readonly transport: DirectTransport;
  readonly #parts: ResultParts;

  constructor(parts: ResultParts) {
    this.#parts = parts;
    this.transport = new DirectTransport(parts.engine, null, null, { outputs: parts.outputs, idOf: null });
  }

  async read(ctx: unknown, address: ResultAddress): Promise<ReadableResult> {
    const { rights, isExposed, engine, outputs } = this.#parts;
    if (rights.canRead === undefined)
      throw new TaskError({
        code: "FORBIDDEN",
        message: "Nobody may read task results from here: createTaskRouter() was given no canRead.",
      });
    const found = await this.#find(address);
    if (found === null || !isExposed(found.record.path)) throw noReadableResult(address.id);
    const { record, opened } = found;
    const task = engine.tasks.get(record.path);
    // Undecoded where that fails, so that nobody is told of what is wrong with a result of somebody else's.
    const result = await toListedResult(record, task, opened.name);
    if ((await rights.canRead(ctx, result)) !== true) throw noReadableResult(address.id);
    checkResultPath(result, address.path);
    return { result, onWire: async () => toWire(await toTaskResult(record, task, opened.name, outputs)) };
  }

  async #find({ id, backend }: ResultAddress): Promise<FoundRecord | null> {
    const { engine } = this.#parts;
    const places = backend === null ? [...engine.backends.values()] : [engine.backend(backend)];
    try {
      return await findRecord(places, id);
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
  const { allowOptions: allowed = [] } = rights;
  const ADDRESS = ["id", "path", "backend"];

  const get = answering(parts, async ({ ctx, input }) => {
    const address = readResultAddress(readProcedureFields(input, "results.get", ADDRESS), allowed);
    return (await results.read(ctx, address)).onWire();
  });

  const wait = answering(parts, async ({ ctx, input, signal = null }) => {
    const fields = readProcedureFields(input, "results.wait", [...ADDRESS, "timeoutMs"]);
    const address = readResultAddress(fields, allowed);
    const timeoutMs = readWaitTimeout(fields.timeoutMs);
    const { result, onWire } = await results.read(ctx, address);
    if (result.isFinished) return onWire();
    try {
      return toWire(await transport.waitForResult(address, { timeoutMs, signal }));
    } catch (error) {
      if (isTaskError(error, "RESULT_TIMEOUT")) return null;
      throw error;
    }
  });

  const cancel = answering(parts, async ({ ctx, input }) => {
    const address = readResultAddress(readProcedureFields(input, "results.cancel", ADDRESS), allowed);
    const { result } = await results.read(ctx, address);
    if (rights.canCancel !== undefined && (await rights.canCancel(ctx, result)) !== true)
      throw new TaskError({
        code: "FORBIDDEN",
        message: "This caller may read the task result, and not cancel it.",
      });
    return transport.cancel(address);
  });

  async function* progress({ ctx, input, signal }: ResolverCall) {
    try {
      const fields = readProcedureFields(input, "results.progress", [...ADDRESS, "lastEventId"]);
      const address = readResultAddress(fields, allowed);
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
