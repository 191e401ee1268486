/** A handler that waits until it is let go, however long it may take. */
export function gated(): {
  readonly calls: () => number;
  readonly open: () => void;
  readonly handler: () => Promise<void>;
} {
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  return {
    calls: () => calls,
    open: gate.resolve,
    handler: () => {
      calls++;
      return gate.promise;
    },
  };
}
