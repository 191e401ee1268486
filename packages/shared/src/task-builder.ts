import type * as z from "zod/v4/core";
import { TaskError } from "./errors/task-error.ts";
import type { JsonSafeSchema } from "./json-safe-type.ts";
import { checkOutputSchema } from "./output-schema.ts";
import { parseOptions } from "./parse-options.ts";
import { mergeOptions } from "./resolved-options.ts";
import type { TaskDefinition } from "./task-definition.ts";
import type { TaskOptions } from "./task-options.ts";
import type { Task } from "./task-types.ts";
import { kindOf } from "./value-kind.ts";

/** Which values survive the trip: what JSON can say, or what the contract's transformer can. */
export type Wire = "json" | "transformer";

/** Shown by the compiler where something else stands in a schema's place. */
export interface InvalidSchema<TIssue> {
  readonly "INVALID SCHEMA": TIssue;
}

/** The schema's own type if its input form survives the trip, else a report; a good one is compared with nothing more. */
type Survives<
  TWire extends Wire,
  TSchema extends z.$ZodType,
  TRoot extends string,
> = TWire extends "transformer"
  ? TSchema
  : z.$ZodType extends TSchema
    ? InvalidSchema<"give a zod 4 schema, such as z.object({ … })">
    : JsonSafeSchema<TSchema, z.input<TSchema>, TRoot>;

/** A task that can still be added to; each step gives a new one and changes nothing. */
export interface TaskBuilder<
  TWire extends Wire,
  TInput,
  TParsed,
  TOutput,
  TEncoded,
  TQueue extends string,
  TTransaction extends boolean = false,
> extends Task<TInput, TParsed, TOutput, TEncoded, TQueue, TTransaction> {
  /** For inference only; undefined at run time. */
  readonly "~wire": TWire;
  /** Sets the schema of what callers pass; without it the task takes nothing. */
  input<TSchema extends z.$ZodType>(
    schema: Survives<TWire, TSchema, "input">,
  ): TaskBuilder<TWire, z.input<TSchema>, z.output<TSchema>, TOutput, TEncoded, TQueue, TTransaction>;
  /** Sets the schema of what the handler returns; without it nothing is stored. One-way transforms are refused. */
  output<TSchema extends z.$ZodType>(
    schema: Survives<TWire, TSchema, "output">,
  ): TaskBuilder<TWire, TInput, TParsed, z.output<TSchema>, z.input<TSchema>, TQueue, TTransaction>;
  /** Sets options; a later call's win over an earlier one's. */
  options<TChosen extends boolean = TTransaction>(
    options: TaskOptions<TQueue, TChosen>,
    // Not inferred from what it is put into, which would take either.
  ): TaskBuilder<TWire, TInput, TParsed, TOutput, TEncoded, TQueue, NoInfer<TChosen>>;
}

/** A task without input and output. */
export type EmptyTaskBuilder<TWire extends Wire, TQueue extends string> = TaskBuilder<
  TWire,
  void,
  void,
  void,
  void,
  TQueue
>;

function schemaKind(value: unknown): string {
  if (typeof value !== "object" || value === null) return kindOf(value);
  if ("~standard" in value || "_def" in value) return "a schema of another library or version";
  return kindOf(value);
}

function checkSchema(schema: unknown, side: string): asserts schema is z.$ZodType {
  if (typeof schema === "object" && schema !== null && "_zod" in schema) return;
  throw new TaskError({
    code: "INVALID_CONTRACT",
    message: `.${side}() takes a zod 4 schema, such as z.object({ … }); got ${schemaKind(schema)}.`,
  });
}

/** Makes the builder of a definition. */
export function taskBuilder<TWire extends Wire, TQueue extends string>(
  definition: TaskDefinition,
): EmptyTaskBuilder<TWire, TQueue> {
  const builder = {
    "~task": definition,
    input: (schema: unknown) => {
      checkSchema(schema, "input");
      return taskBuilder({ ...definition, input: schema });
    },
    output: (schema: unknown) => {
      checkSchema(schema, "output");
      checkOutputSchema(schema);
      return taskBuilder({ ...definition, output: schema });
    },
    options: (options: unknown) => {
      const parsed = parseOptions(options, "task", definition.config.queues);
      return taskBuilder({ ...definition, options: mergeOptions(definition.options, parsed) });
    },
  };
  // "~types" and "~wire" exist for the compiler only; what each step takes is checked by TaskBuilder's own signatures.
  return builder as unknown as EmptyTaskBuilder<TWire, TQueue>;
}
