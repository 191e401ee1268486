import { expectTypeOf } from "vitest";
import type * as z from "zod/v4/core";
import type { Codec } from "./codec.ts";
import type { AllowedQueues } from "./parse-options.ts";
import type { ParsedOptions, ResolvedOptions } from "./resolved-options.ts";
import type { ContractConfig, TaskDefinition } from "./task-definition.ts";

expectTypeOf<TaskDefinition>().toEqualTypeOf<{
  readonly config: ContractConfig;
  readonly input: z.$ZodType | null;
  readonly output: z.$ZodType | null;
  readonly options: ParsedOptions;
}>();
expectTypeOf<ContractConfig>().toEqualTypeOf<{
  readonly codec: Codec;
  readonly queues: AllowedQueues;
  readonly defaults: ResolvedOptions;
}>();
declare const definition: TaskDefinition;
// @ts-expect-error -- a definition does not change
definition.input = null;
