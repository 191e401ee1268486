import type { Backend, DeadLetters } from "../../backend/index.ts";
import { withOutbox } from "../outboxes/with-outbox.ts";
import { createDeadLetters } from "./dead-letters.ts";
import { createDirectDeliveries, createStoredDeliveries } from "./delivery-source.ts";
import { diagnose } from "./diagnose.ts";
import { createDirectTasks } from "./direct-tasks.ts";
import { mergedOutbox } from "./merged-outbox.ts";
import { type QstashBackendOptions, type ResolvedQstashOptions, resolveOptions } from "./options.ts";
import { outgoingTask } from "./outgoing-message.ts";
import { QstashSchedules } from "./schedule-store.ts";
import { QstashSender } from "./sender.ts";
import { withoutNotes } from "./shown-tasks.ts";
import {
  createStoredTasks,
  createStoredTransactions,
  type KeepingBackend,
  type StoredParts,
} from "./stored-tasks.ts";
import { type SendStored, UnsentTasks } from "./unsent-tasks.ts";

export type { DeadLetter, DeadLetterFilter, DeadLetters } from "../../backend/index.ts";
export type { QstashBackendOptions, QstashFlowControl, QstashMessageOptions, QstashTask } from "./options.ts";

/** A backend that delivers tasks by signed calls to a webhook, through QStash. */
export interface QstashBackend<TTransaction = unknown> extends Backend<TTransaction> {
  /** The URL that QStash delivers to, of domain, path and scheme. */
  getCallbackUrl(): string;
  /** What QStash has given up on. */
  readonly deadLetters: DeadLetters;
}

/** The facets of a backend whose task results a store keeps. */
function storedBackend<TTransaction>(
  parts: StoredParts<TTransaction>,
  schedules: QstashSchedules,
): Backend<TTransaction> {
  const { store, sender, options, unsent } = parts;
  const { inspector, maintenance, wakeups, transactions, schema, readTime, longestWaitMs, defaultLeaseMs } =
    store;
  return {
    kind: "qstash",
    store: createStoredTasks(parts),
    delivery: createStoredDeliveries(parts),
    outbox: unsent,
    schedules,
    ...(inspector === undefined ? {} : { inspector: withoutNotes(inspector) }),
    ...(maintenance === undefined ? {} : { maintenance }),
    ...(wakeups === undefined ? {} : { wakeups }),
    ...(transactions === undefined ? {} : { transactions: createStoredTransactions(transactions, unsent) }),
    ...(schema === undefined ? {} : { schema }),
    ...(readTime === undefined ? {} : { readTime }),
    ...(longestWaitMs === undefined ? {} : { longestWaitMs }),
    ...(defaultLeaseMs === undefined ? {} : { defaultLeaseMs }),
    diagnose: () => diagnose(options, sender),
    open: () => store.open(),
    close: () => store.close(),
  };
}

/** The facets of a backend whose task results nothing keeps. */
function directBackend(
  options: ResolvedQstashOptions,
  sender: QstashSender,
  schedules: QstashSchedules,
): Backend {
  return {
    kind: "qstash",
    store: createDirectTasks(options, sender),
    delivery: createDirectDeliveries(options, sender),
    schedules,
    diagnose: () => diagnose(options, sender),
    open: async () => {},
    close: async () => {},
  };
}

/** The backend with what its outbox gives it; a store has notes of its own to relay beside the outbox's rows. */
function withBothOutboxes<TTransaction>(
  backend: Backend<TTransaction>,
  options: ResolvedQstashOptions<TTransaction>,
): Backend<TTransaction> {
  const given = withOutbox(
    backend,
    `qstash ${options.callback.href}`,
    options.outbox,
  ) as Backend<TTransaction>;
  if (backend.outbox === undefined || given.outbox === undefined || given.outbox === backend.outbox)
    return given;
  return { ...given, outbox: mergedOutbox(given.outbox, backend.outbox) };
}

/**
 * A backend that enqueues through QStash, which calls the webhook of {@link createWebhookHandler} for each task: no worker
 * runs. With a `store` everything is as on other backends, except that QStash knows no order and no priorities.
 *
 * Throws INVALID_OPTION for what is missing or cannot be.
 */
export function qstashBackend<TTransaction = unknown>(
  options: QstashBackendOptions<TTransaction> = {},
): QstashBackend<TTransaction> {
  const resolved = resolveOptions(options);
  const sender = new QstashSender(resolved);
  const schedules = new QstashSchedules(resolved, sender);
  const store = resolved.store as KeepingBackend<TTransaction> | undefined;
  const sendStored: SendStored = (items, now) =>
    sender.send(items.map(({ task, cause }) => outgoingTask(resolved, task, { now, cause })));
  const parts =
    store === undefined
      ? undefined
      : { options: resolved, store, sender, unsent: new UnsentTasks(store, sendStored) };
  const backend =
    parts === undefined ? directBackend(resolved, sender, schedules) : storedBackend(parts, schedules);
  return {
    ...withBothOutboxes(backend as Backend<TTransaction>, resolved),
    getCallbackUrl: () => resolved.callback.href,
    deadLetters: createDeadLetters(resolved, sender, parts),
  };
}
