import { type CallOptions, checkOptionNames } from "@taskwright/shared";

/** Options that say the same thing in several ways, of which the nearest holds. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ["countdown", "eta", "runAfter"],
  ["retryDelay", "backoff"],
  ["deduplicationId", "deduplicated"],
];

/** Lays the levels of a call's options over one another, nearest last; undefined when they say nothing. */
export function mergedOptions(levels: readonly CallOptions[]): Readonly<Record<string, unknown>> | undefined {
  const merged: Record<string, unknown> = {};
  for (const level of levels) {
    // Whether they are options at all; which ones there are is the server's to say.
    checkOptionNames(level, "A call", Object.keys(level ?? {}));
    const said = Object.entries(level).filter(([, value]) => value !== undefined);
    for (const [name] of said) {
      for (const other of ALTERNATIVES.find((names) => names.includes(name)) ?? []) delete merged[other];
    }
    Object.assign(merged, Object.fromEntries(said));
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}
