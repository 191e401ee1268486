import { TaskError } from "@taskwright/shared";
import type { EventListeners, TrackedEvent, TrpcCaller } from "./trpc-caller.ts";

interface Procedure {
  query(input: unknown, options: object): Promise<unknown>;
  mutate(input: unknown, options: object): Promise<unknown>;
  subscribe(input: unknown, options: object): { unsubscribe(): void };
}

function noSubscriptions(cause: unknown): TaskError {
  return new TaskError({
    code: "NOT_SUPPORTED",
    message:
      "The tRPC client has no link for subscriptions, by which progress comes: add httpSubscriptionLink() behind a splitLink().",
    cause,
  });
}

/** Makes a caller over a tRPC client, or the part of one where the router of tasks hangs. */
export function clientCaller(trpc: object): TrpcCaller {
  const procedureAt = (path: string): Procedure => {
    let node: unknown = trpc;
    for (const name of path.split(".")) node = (node as Readonly<Record<string, unknown>>)[name];
    return node as Procedure;
  };
  return {
    call: async (type, path, input, signal) => {
      const procedure = procedureAt(path);
      // By custom, a splitLink sends what has skipBatch apart: a wait would keep what travels with it.
      if (type === "query")
        return procedure.query(input, { signal, context: { skipBatch: path === "results.wait" } });
      return procedure.mutate(input, { signal });
    },
    subscribe: (path, input, { onOpen, onEvent, onEnd, onError }: EventListeners) => {
      try {
        const subscription = procedureAt(path).subscribe(input, {
          onStarted: onOpen,
          onData: (event: TrackedEvent) => onEvent(event),
          onComplete: onEnd,
          onError,
        });
        return () => subscription.unsubscribe();
      } catch (cause) {
        queueMicrotask(() => onError(noSubscriptions(cause)));
        return () => {};
      }
    },
  };
}
