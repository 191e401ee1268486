import {
  type AnyRouter,
  type AnyTask,
  BUILT_IN_OPTIONS,
  findJsonProblem,
  mergeOptions,
  PayloadError,
  type PayloadIssue,
  type ResolvedOptions,
  TaskError,
  TaskPayload,
  type Transformer,
  tasksByPath,
} from "@taskwright/shared";
import * as z from "zod/v4/core";
import type { ClientTransformer } from "../server-address.ts";

/** An input as the mock keeps it. */
export interface KeptInput {
  /** The same for the same input. */
  readonly text: string | null;
  readonly value: unknown;
  /** The same for equal inputs, whatever the order of their keys. */
  readonly canonical: string;
}

/** A task as the mock knows it. */
export interface KnownTask {
  readonly label: string;
  readonly options: ResolvedOptions;
  readonly queues: ReadonlySet<string> | "any";
  /** Infinity where nobody knows. */
  readonly mostRetries: number;
  /** Whether it is known to take none. */
  readonly takesNoInput: boolean;
  /** Rejects with PAYLOAD_ERROR. */
  keepInput(input: unknown): Promise<KeptInput>;
  /** What the frontend gets of an output; throws PAYLOAD_ERROR. */
  carryOutput(output: unknown): unknown;
}

/** The tasks that a mock answers for. */
export interface KnownTasks {
  /** Null where there is no contract, and every path is one. */
  readonly paths: readonly string[] | null;
  task(path: string): KnownTask;
}

function refusedOutput(path: string, problem: string, issues: readonly PayloadIssue[]): PayloadError {
  return new PayloadError({
    message: `${path}: the output given to succeed() ${problem}.`,
    data: { task: path, side: "output", issues },
  });
}

function bothWays(transformer: ClientTransformer): {
  readonly input: Transformer;
  readonly output: Transformer;
} {
  return "input" in transformer ? transformer : { input: transformer, output: transformer };
}

/** A copy of an output as tRPC carries it; throws PAYLOAD_ERROR for what would not survive. */
function carriedBy(transformer: ClientTransformer | undefined, path: string, output: unknown): unknown {
  if (output === undefined) return undefined;
  const plain = transformer === undefined ? output : bothWays(transformer).output.serialize(output);
  const found = findJsonProblem(plain, "output");
  if (found !== undefined) {
    const { path: place, keys, problem, code } = found;
    throw refusedOutput(path, `cannot be sent: ${place} ${problem}`, [
      { path: keys, message: problem, code },
    ]);
  }
  const copy: unknown = JSON.parse(JSON.stringify(plain));
  return transformer === undefined ? copy : bothWays(transformer).output.deserialize(copy);
}

/** Takes whatever comes: without a contract's value nothing can be checked. */
function anyTasks(transformer: ClientTransformer | undefined): KnownTasks {
  const keepInput = async (value: unknown): Promise<KeptInput> => {
    const plain = transformer === undefined ? value : bothWays(transformer).input.serialize(value);
    const text = value === undefined ? null : JSON.stringify(plain);
    return { text, value, canonical: text ?? "" };
  };
  return {
    paths: null,
    task: (path) => ({
      label: path,
      options: BUILT_IN_OPTIONS,
      queues: "any",
      mostRetries: Number.POSITIVE_INFINITY,
      takesNoInput: false,
      keepInput,
      carryOutput: (output) => carriedBy(transformer, path, output),
    }),
  };
}

/** Runs a schema at once; undefined where its own code is asynchronous, which `succeed()` does not wait for. */
function atOnce(run: () => z.util.SafeParseResult<unknown>): z.util.SafeParseResult<unknown> | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof z.$ZodAsyncError) return undefined;
    throw error;
  }
}

function checkedOutput(path: string, schema: z.$ZodType | null, output: unknown, isDecoded: boolean): void {
  if (schema === null) {
    if (output === undefined) return;
    throw refusedOutput(path, "is one too many: the task has no output", []);
  }
  const result = atOnce(() =>
    isDecoded ? z.safeEncode(schema, output as never) : z.safeParse(schema, output),
  );
  if (result === undefined || result.success) return;
  const issues = result.error.issues.map(({ path: keys, message, code }) => ({
    path: keys.map((key) => (typeof key === "symbol" ? String(key) : key)),
    message,
    code: code ?? "custom",
  }));
  const first = issues[0];
  const where = first === undefined || first.path.length === 0 ? "" : ` at ${first.path.join(".")}`;
  throw refusedOutput(path, `does not fit its schema${where}: ${first?.message ?? "unknown"}`, issues);
}

function contractTask(path: string, task: AnyTask, transformer: ClientTransformer | undefined): KnownTask {
  const definition = task["~task"];
  const payload = new TaskPayload(path, definition);
  const { id } = payload.codec;
  if (id !== "json" && transformer === undefined)
    throw new TaskError({
      code: "INVALID_OPTION",
      message: `mockTasks() needs the transformer of the tRPC server, as the contract of ${path} has one (${id}): mockTasks({ url, tasks, transformer }).`,
      data: { option: "transformer" },
    });
  const options = mergeOptions(definition.config.defaults, definition.options);
  return {
    label: options.label ?? path,
    options,
    queues: definition.config.queues,
    mostRetries: options.maxRetries,
    takesNoInput: !payload.takesInput,
    keepInput: async (input) => {
      const text = await payload.encodeInput(input);
      return { text, value: payload.readInput(text, id), canonical: payload.canonicalInput(text) };
    },
    carryOutput: (output) => {
      checkedOutput(path, definition.output, output, transformer !== undefined);
      return carriedBy(transformer, path, output);
    },
  };
}

/** The tasks of a contract, checked as a server does; without one, any task, unchecked. */
export function knownTasks(
  contract: AnyRouter | undefined,
  transformer: ClientTransformer | undefined,
): KnownTasks {
  if (contract === undefined) return anyTasks(transformer);
  const tasks = new Map<string, KnownTask>();
  for (const [path, task] of tasksByPath(contract)) tasks.set(path, contractTask(path, task, transformer));
  return { paths: [...tasks.keys()], task: (path) => tasks.get(path) as KnownTask };
}
