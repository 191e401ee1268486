import { randomUUID } from "node:crypto";
import type {
  Backend,
  EnqueueOutcome,
  EnqueueRequest,
  LeaseSource,
  NewTask,
  ResendRequest,
  TaskStore,
  Transactions,
} from "../../backend/index.ts";
import type { ResolvedQstashOptions } from "./options.ts";
import {
  labelOf,
  type Outgoing,
  type OutgoingMessage,
  outgoingTask,
  outgoingTasks,
} from "./outgoing-message.ts";
import type { QstashSender, SendOutcome } from "./sender.ts";
import { type Sending, toNewTask, type UnsentTasks } from "./unsent-tasks.ts";

/** A backend that keeps task results, and lets them be claimed. */
export type KeepingBackend<TTransaction = unknown> = Backend<TTransaction> & { readonly leases: LeaseSource };

/** What the facets of a QStash backend with a store are made of. */
export interface StoredParts<TTransaction = unknown> {
  readonly options: ResolvedQstashOptions<TTransaction>;
  readonly store: KeepingBackend<TTransaction>;
  readonly sender: QstashSender;
  readonly unsent: UnsentTasks;
}

/** Of how many messages at once QStash is told that they are not wanted any more. */
const LARGEST_CANCEL = 20;

/** Each task with the note that it is unsent, which comes first: alone, it harms nothing. */
function withNotes(
  tasks: readonly NewTask[],
  unsent: UnsentTasks,
  times: { readonly now: number; readonly at?: number },
): readonly NewTask[] {
  return tasks.flatMap((task) => [unsent.note({ id: task.id }, times), task]);
}

/** The outcomes of the tasks among those of tasks and notes. */
function ofTasks(outcomes: readonly EnqueueOutcome[]): readonly EnqueueOutcome[] {
  return outcomes.filter((_, index) => index % 2 === 1);
}

/** Stores task results first and sends them then; what cannot be sent now is left to a relay. */
class StoredTasks {
  readonly #parts: StoredParts;

  constructor(parts: StoredParts) {
    this.#parts = parts;
  }

  async enqueue({ tasks, atomic, now }: EnqueueRequest): Promise<readonly EnqueueOutcome[]> {
    const { options, store, unsent } = this.#parts;
    const outgoing = outgoingTasks(options, tasks, now);
    const wrong = outgoing.find((item) => "error" in item);
    // What the user's own function says of a message may be wrong; its task is then not stored at all.
    if (atomic && wrong !== undefined) throw wrong.error;
    const good = tasks.filter((_, index) => "message" in (outgoing[index] as Outgoing));
    const stored = ofTasks(
      await store.store.enqueue({ tasks: withNotes(good, unsent, { now }), atomic, now }),
    );
    const messages = outgoing.flatMap((item) => ("message" in item ? [item.message] : []));
    const outcomes = await this.#send(good, stored, { messages, atomic, now });
    let next = 0;
    return outgoing.map((item) =>
      "message" in item ? (outcomes[next++] as EnqueueOutcome) : { outcome: "failed", error: item.error },
    );
  }

  async #send(
    tasks: readonly NewTask[],
    stored: readonly EnqueueOutcome[],
    request: {
      readonly messages: readonly OutgoingMessage[];
      readonly atomic: boolean;
      readonly now: number;
    },
  ): Promise<readonly EnqueueOutcome[]> {
    const { messages, atomic, now } = request;
    const { sender, unsent } = this.#parts;
    const isStored = (index: number) => stored[index]?.outcome === "stored";
    const answers = await sender.send(messages.filter((_, index) => isStored(index)));
    const outcomes = [...stored];
    const over: NewTask[] = tasks.filter((_, index) => !isStored(index));
    const refused: NewTask[] = [];
    const later: NewTask[] = [];
    let refusal: Error | undefined;
    let next = 0;
    for (const [index, task] of tasks.entries()) {
      if (!isStored(index)) continue;
      const answer = answers[next++] as SendOutcome;
      if (answer.outcome === "sent") over.push(task);
      else if (answer.error.retryable) later.push(task);
      else {
        refused.push(task);
        refusal ??= answer.error;
        outcomes[index] = { outcome: "failed", error: answer.error };
      }
    }
    if (atomic && refusal !== undefined) {
      await this.#takeBack(
        tasks.filter((_, index) => isStored(index)),
        answers,
      );
      throw refusal;
    }
    await this.#takeBack(refused, []);
    await unsent.forget(over);
    if (later.length > 0) await unsent.sendLater(later, now);
    return outcomes;
  }

  /** Removes what QStash will never take, or not all of: it must not look like a task that waits. */
  async #takeBack(tasks: readonly NewTask[], answers: readonly SendOutcome[]): Promise<void> {
    if (tasks.length === 0) return;
    const { store, sender, unsent } = this.#parts;
    await store.store.delete({ ids: tasks.map(({ id }) => id) });
    await unsent.forget(tasks);
    const sent = answers.flatMap((answer) => (answer.outcome === "sent" ? [answer.messageId] : []));
    for (let start = 0; start < sent.length; start += LARGEST_CANCEL)
      await forgetMessages(sender, sent.slice(start, start + LARGEST_CANCEL));
  }
}

/** Takes messages back, so that they need not be answered; what is delivered all the same does no harm. */
async function forgetMessages(
  sender: QstashSender,
  which: readonly string[] | { readonly label: string },
): Promise<void> {
  await sender
    .ask((client) =>
      client.messages.cancel("label" in which ? { filter: { label: which.label } } : [...which]),
    )
    .catch(() => undefined);
}

/** Notes that a stored task is to be sent once more. */
async function noteSending({ store, unsent }: StoredParts, sending: Sending, now: number): Promise<void> {
  const [outcome] = await store.store.enqueue({ tasks: [unsent.note(sending, { now })], atomic: false, now });
  if (outcome?.outcome === "failed") throw outcome.error;
}

/** Sends a task whose sending is noted, and forgets the note; what cannot be sent now is left to a relay. */
async function sendNoted(
  { options, sender, unsent }: StoredParts,
  { task, ...turn }: ResendRequest,
): Promise<void> {
  const { cause, now } = turn;
  const sending = { id: task.id, cause };
  const [answer] = await sender.send([outgoingTask(options, task, turn)]);
  if (answer?.outcome === "sent") await unsent.forget([sending]);
  else if (answer?.error.retryable === true) await unsent.sendLater([sending], now);
  else throw answer?.error ?? new Error("QStash did not say what became of a message.");
}

/** Sends a stored task once more. */
export async function resendStored(parts: StoredParts, request: ResendRequest): Promise<void> {
  const { task, cause, now } = request;
  await noteSending(parts, { id: task.id, cause }, now);
  await sendNoted(parts, request);
}

/** The facet of a QStash backend's transactions: that of the store behind it, whose notes relays find after the commit. */
export function createStoredTransactions<TTransaction>(
  transactions: Transactions<TTransaction>,
  unsent: UnsentTasks,
): Transactions<TTransaction> {
  const { runAttempt } = transactions;
  return {
    check: (transaction) => transactions.check(transaction),
    enqueue: async ({ tasks, now, ...request }) =>
      // Nobody sends them before a relay does, so that may be as soon as they are committed.
      ofTasks(
        await transactions.enqueue({ ...request, tasks: withNotes(tasks, unsent, { now, at: now }), now }),
      ),
    run: (request) => transactions.run(request),
    committed: () => transactions.committed(),
    ...(runAttempt === undefined ? {} : { runAttempt }),
  };
}

/** The facet of a QStash backend's store: that of the store behind it, and everything enqueued is sent. */
export function createStoredTasks(parts: StoredParts): TaskStore {
  const { store, sender, unsent } = parts;
  const { placeId } = store.store;
  const tasks = new StoredTasks(parts);
  return {
    ...(placeId === undefined ? {} : { placeId: (request) => placeId.call(store.store, request) }),
    enqueue: (request) => tasks.enqueue(request),
    get: (request) => store.store.get(request),
    cancel: async (request) => {
      const outcome = await store.store.cancel(request);
      if (outcome !== "cancelled") return outcome;
      await unsent.forget([{ id: request.id }]);
      await forgetMessages(sender, { label: labelOf(request.id) });
      return outcome;
    },
    requeue: async (request) => {
      const { id, runAfter, now } = request;
      const [record] = await store.store.get({ ids: [id] });
      if (record == null) return "not-found";
      // Each requeue is one of its own: QStash would take a second one within ten minutes for the first.
      const cause = `requeued-${randomUUID()}`;
      // Before it is READY, so that a process that dies after that leaves a note of it.
      await noteSending(parts, { id, cause }, now);
      const outcome = await store.store.requeue(request);
      if (outcome !== "requeued") await unsent.forget([{ id, cause }]);
      else await sendNoted(parts, { task: toNewTask(record), at: runAfter, cause, deliveriesBefore: 0, now });
      return outcome;
    },
    delete: async (request) => {
      const { ids } = request;
      const records = await store.store.get({ ids });
      const outcomes = await store.store.delete(request);
      const deleted = ids.filter((_, index) => outcomes[index] === "deleted");
      await unsent.forget(deleted.map((id) => ({ id })));
      const waiting = records.filter((record) => record?.status === "READY").slice(0, LARGEST_CANCEL);
      await Promise.all(
        waiting.map((record) => forgetMessages(sender, { label: labelOf(record?.id ?? "") })),
      );
      return outcomes;
    },
  };
}
