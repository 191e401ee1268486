import type * as z from "zod/v4/core";
import type { Codec } from "./codec.ts";
import type { AllowedQueues } from "./parse-options.ts";
import type { ParsedOptions, ResolvedOptions } from "./resolved-options.ts";

/** What all tasks of one `initTasks.create()` share. */
export interface ContractConfig {
  readonly codec: Codec;
  readonly queues: AllowedQueues;
  /** The contract's defaults over the built-in ones. */
  readonly defaults: ResolvedOptions;
}

/** A task at run time; it knows no path, the router it is put into gives it one. */
export interface TaskDefinition {
  readonly config: ContractConfig;
  readonly input: z.$ZodType | null;
  readonly output: z.$ZodType | null;
  /** What `.options()` said. */
  readonly options: ParsedOptions;
}
