import { describe } from "vitest";
import type { BackendExercise } from "./exercise.ts";
import { registerSuite } from "./registered-suite.ts";
import { serverOutboxSection } from "./server-outbox.ts";
import { serverTracingTransactionsSection } from "./server-tracing-transactions.ts";
import { serverTransactionsSection } from "./server-transactions.ts";
import { ServerUnderTest } from "./server-under-test.ts";

/** Holds a backend that has its outbox elsewhere to what servers promise of transactions; the rest is shown without one. */
export function exerciseOutbox(exercise: BackendExercise): void {
  describe(exercise.name, () => {
    registerSuite<ServerUnderTest>(exercise, {
      sections: [serverTransactionsSection, serverTracingTransactionsSection, serverOutboxSection],
      run: async (store, item) => {
        await using subject = new ServerUnderTest(store);
        await item.run(subject);
      },
    });
  });
}
