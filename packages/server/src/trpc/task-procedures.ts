import {
  type CallOptions,
  checkInputList,
  checkOptionNames,
  type OutputForm,
  readProcedureFields,
} from "@taskwright/shared";
import { DirectTransport } from "../core/direct-transport.ts";
import type { Engine } from "../core/engine.ts";
import { type CallerRights, permittedOptions, scopeOf } from "./caller-rights.ts";
import { requestIds } from "./request-id.ts";
import { toTrpcError } from "./trpc-errors.ts";
import type { ProcedureBuilder, ResolverCall } from "./trpc-instance.ts";

/** What procedures are made of. */
export interface ProcedureParts {
  readonly engine: Engine;
  readonly procedure: ProcedureBuilder;
  readonly rights: CallerRights<unknown>;
  /** In which form outputs are sent. */
  readonly outputs: OutputForm;
}

/** A resolver whose errors are tRPC's. */
export function answering<T>(
  { engine }: ProcedureParts,
  answer: (call: ResolverCall) => Promise<T>,
): (call: ResolverCall) => Promise<T> {
  return async (call) => {
    try {
      return await answer(call);
    } catch (error) {
      throw toTrpcError(error, engine.logger);
    }
  };
}

interface Prepared {
  readonly transport: DirectTransport;
  readonly options: readonly CallOptions[];
}

async function prepare(
  { engine, rights, outputs }: ProcedureParts,
  call: { readonly ctx: unknown; readonly path: string; readonly options: unknown; readonly key: unknown },
): Promise<Prepared> {
  const { ctx, path, options = {}, key } = call;
  checkOptionNames(options, "options", Object.keys(options ?? {}));
  const { host } = engine;
  const scope = await scopeOf(rights, ctx);
  const permitted = await permittedOptions(rights, {
    ctx,
    options: options as Readonly<Record<string, unknown>>,
    scope,
    sha256: (text) => host.sha256(text),
  });
  const idOf = requestIds(host, { key, scope, path });
  return {
    transport: new DirectTransport(engine, null, null, { outputs, idOf }),
    options: Object.keys(permitted).length === 0 ? [] : [permitted],
  };
}

/** The procedures of one task. */
export function taskProcedures(parts: ProcedureParts, path: string): Readonly<Record<string, unknown>> {
  const procedure = parts.procedure.input((value) => value);

  const enqueue = (what: string) =>
    answering(parts, async ({ ctx, input }) => {
      const fields = readProcedureFields(input, `${what} of ${path}`, ["input", "options", "requestKey"]);
      const { options: given, requestKey: key } = fields;
      const { transport, options } = await prepare(parts, { ctx, path, options: given, key });
      return transport.enqueue({ path, input: fields.input, options });
    });

  const delay = answering(parts, async ({ ctx, input }) => {
    const { transport, options } = await prepare(parts, { ctx, path, options: {}, key: undefined });
    return transport.enqueue({ path, input, options });
  });

  const enqueueMany = answering(parts, async ({ ctx, input }) => {
    const fields = readProcedureFields(input, `enqueueMany of ${path}`, ["inputs", "options", "requestKey"]);
    const { inputs, requestKey: key } = fields;
    checkInputList(path, inputs);
    const { transport, options } = await prepare(parts, { ctx, path, options: fields.options, key });
    // In arrays, JSON has null for undefined.
    const { takesInput } = parts.engine.task(path).payload;
    const given = takesInput ? inputs : inputs.map((one) => one ?? undefined);
    return transport.enqueueMany({ path, inputs: given, options });
  });

  return {
    delay: procedure.mutation(delay),
    applyAsync: procedure.mutation(enqueue("applyAsync")),
    enqueue: procedure.mutation(enqueue("enqueue")),
    enqueueMany: procedure.mutation(enqueueMany),
  };
}
