import { MAX_DURATION_MS } from "@taskwright/shared";
import { UsageError } from "./cli-error.ts";
import type { CliIo } from "./cli-io.ts";

const DEFAULT_TTL_SECONDS = 604_800;

/** How long SUCCESSFUL task results are kept, in milliseconds, by TASKWRIGHT_RESULT_TTL. Throws UsageError. */
export function resultTtlMs(env: CliIo["env"]): number {
  const text = (env.TASKWRIGHT_RESULT_TTL ?? "").trim();
  if (text === "") return DEFAULT_TTL_SECONDS * 1_000;
  const ms = Number(text) * 1_000;
  if (/^\d+(\.\d+)?$/.test(text) && ms <= MAX_DURATION_MS) return Math.round(ms);
  throw new UsageError(
    `TASKWRIGHT_RESULT_TTL must be a number of seconds from 0 to ${MAX_DURATION_MS / 1_000}.`,
  );
}
