import { TaskError } from "@taskwright/shared";
import type { EnqueueOutcome, EnqueueRequest, TaskStore } from "../../backend/index.ts";
import type { ResolvedQstashOptions } from "./options.ts";
import { labelOf, outgoingTasks } from "./outgoing-message.ts";
import type { QstashSender, SendOutcome } from "./sender.ts";

const KEPT_NOWHERE = "QStash only delivers; give qstashBackend a store to keep task results";

function lacks(what: string): Promise<never> {
  return Promise.reject(
    new TaskError({
      code: "NOT_SUPPORTED",
      message: `A QStash backend without a store has no ${what}: ${KEPT_NOWHERE}.`,
    }),
  );
}

function toOutcome(answer: SendOutcome | undefined): EnqueueOutcome {
  if (answer?.outcome === "sent")
    return answer.isDuplicate
      ? { outcome: "deduplicated", id: answer.messageId, status: "READY" }
      : { outcome: "stored" };
  return {
    outcome: "failed",
    error: answer?.error ?? new Error("QStash did not say what became of a message."),
  };
}

/** The store of a QStash backend that only delivers: a task is its message, and nothing can be read. */
export function createDirectTasks(options: ResolvedQstashOptions, sender: QstashSender): TaskStore {
  async function enqueue({ tasks, now }: EnqueueRequest): Promise<readonly EnqueueOutcome[]> {
    const outgoing = outgoingTasks(options, tasks, now);
    const sent = await sender.send(outgoing.flatMap((item) => ("message" in item ? [item.message] : [])));
    let next = 0;
    return outgoing.map((item) =>
      "message" in item ? toOutcome(sent[next++]) : { outcome: "failed", error: item.error },
    );
  }

  return {
    enqueue,
    get: () => lacks("task results to read"),
    cancel: async ({ id }) => {
      // A duplicate's id is that of QStash's message.
      const { cancelled } = await sender.ask((client) =>
        client.messages.cancel(id.startsWith("msg_") ? [id] : { filter: { label: labelOf(id) } }),
      );
      return cancelled > 0 ? "cancelled" : "not-found";
    },
    requeue: () => lacks("task results to run again"),
    delete: () => lacks("task results to delete"),
  };
}
