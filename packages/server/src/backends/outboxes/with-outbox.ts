import { TaskError } from "@taskwright/shared";
import type { Backend, EnqueueOutcome, Outbox } from "../../backend/index.ts";

const LONGEST_DESTINATION = 200;
const STORED: EnqueueOutcome = { outcome: "stored" };

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option: "outbox" } });
}

function checkOutbox(outbox: unknown): asserts outbox is Outbox {
  const given = outbox as Partial<Outbox> | null;
  if (typeof given?.add === "function" && typeof given.source === "function") return;
  throw invalid("outbox must be what prismaOutbox(prisma) of @taskwright/server/prisma makes.");
}

/** The same destination in letters that every database compares alike. */
function writtenOut(destination: string): string {
  const written = encodeURI(destination.toWellFormed());
  if (written.length <= LONGEST_DESTINATION) return written;
  throw invalid(
    `What an outbox calls the backend, "${written.slice(0, 40)}…", is longer than ${LONGEST_DESTINATION} characters; use a shorter prefix or path.`,
  );
}

/**
 * The same backend with the facets that an outbox gives it: tasks enqueued in a caller's transaction become rows of the
 * caller's database, which core relays after the commit. Without an outbox, the backend as it is.
 *
 * For backends that keep no tasks in a database of the caller's and have no tables to migrate.
 *
 * @param destination tells the store from others that share the outbox's table, the same in every process that uses it:
 * what kind it is and the prefix of its keys
 */
export function withOutbox(backend: Backend, destination: string, outbox: Outbox | undefined): Backend {
  if (outbox === undefined) return backend;
  checkOutbox(outbox);
  const name = writtenOut(destination);
  return {
    ...backend,
    outbox: outbox.source(name),
    schema: outbox.schema,
    transactions: {
      check: (transaction) => outbox.check(transaction),
      enqueue: async ({ transaction, tasks }) => {
        await outbox.add({ transaction, destination: name, tasks });
        return tasks.map(() => STORED);
      },
      run: (request) => outbox.run(request),
      // Nothing can be claimed yet: what relays it wakes the workers.
      committed: () => {},
    },
    diagnose: async () => [...(await backend.diagnose()), ...(await outbox.diagnose(name))],
    open: async () => {
      await outbox.open();
      await backend.open();
    },
  };
}
