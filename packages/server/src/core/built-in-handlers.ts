import { CLEAR_STALE_RESULTS_PATH, type ClearStaleResultsInput, RELAY_PATH } from "./built-in-tasks.ts";
import { clearStaleResults } from "./clear-stale-results.ts";
import type { Engine } from "./engine.ts";
import type { BuiltHandler } from "./handler-types.ts";
import { relayOutboxes } from "./relay-outboxes.ts";

/** The handlers of the built-in tasks, which every server has, whatever its `only` says. */
export function builtInHandlers(engine: () => Engine): ReadonlyMap<string, BuiltHandler> {
  const handlers: readonly BuiltHandler[] = [
    {
      path: RELAY_PATH,
      middleware: [],
      handle: async ({ signal }: { readonly signal: AbortSignal }) => {
        await relayOutboxes(engine(), { signal });
      },
    },
    {
      path: CLEAR_STALE_RESULTS_PATH,
      middleware: [],
      handle: async ({
        input = {},
        signal,
      }: {
        readonly input?: ClearStaleResultsInput;
        readonly signal: AbortSignal;
      }) => ({ deleted: await clearStaleResults(engine(), input, signal) }),
    },
  ];
  return new Map(handlers.map((handler) => [handler.path as string, handler]));
}
