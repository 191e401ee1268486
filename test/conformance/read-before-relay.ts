import { expect } from "vitest";
import { withCallers } from "./callers.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

/** Reads and cancels what somebody else's transaction has committed, before anything has relayed it. */
export function readBeforeRelay(bench: ServerUnderTest): Promise<void> {
  return withCallers(bench, async ({ begin }) => {
    const { client } = bench.serve();
    const [first, second] = await begin((tx) =>
      client.withTransaction(tx).tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]),
    );
    expect(await first?.status()).toBe("READY");
    expect(await second?.cancel()).toBe("cancelled");
  });
}
