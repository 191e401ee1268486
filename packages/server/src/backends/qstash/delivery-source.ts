import { WebhookError } from "@taskwright/shared";
import type {
  Delivered,
  DeliveredTask,
  DeliveredTick,
  DeliverySource,
  WebhookCall,
} from "../../backend/index.ts";
import { DeliveryLedger } from "./delivery-ledger.ts";
import { derivedId } from "./derived-id.ts";
import { readMessage } from "./message.ts";
import type { ResolvedQstashOptions } from "./options.ts";
import { outgoingTask } from "./outgoing-message.ts";
import type { QstashSender } from "./sender.ts";
import { SignatureCheck } from "./signature.ts";
import { resendStored, type StoredParts } from "./stored-tasks.ts";

/** What QStash posts when it gives up. */
interface FailureCallback {
  readonly sourceMessageId: string;
  readonly sourceBody: string;
  readonly status: number;
  readonly retried: number;
  readonly dlqId: string | null;
}

/** How often QStash repeats a callback that went wrong, where nobody asks for more. */
const CALLBACK_RETRIES = 3;
/** What is no UTF-8 comes out changed, and then fails as a body that is not the signed one. */
const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a failure callback; null for a body that is something else. */
function failureCallbackOf(text: string): FailureCallback | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Told by whoever reads it as a message.
    return null;
  }
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, "sourceMessageId")) return null;
  const { sourceMessageId, sourceBody, status, retried, dlqId } = body as Partial<Record<string, unknown>>;
  if (typeof sourceMessageId !== "string" || typeof sourceBody !== "string") return null;
  return {
    sourceMessageId,
    sourceBody: Buffer.from(sourceBody, "base64").toString("utf8"),
    status: typeof status === "number" ? status : 0,
    retried: typeof retried === "number" ? retried : 0,
    dlqId: typeof dlqId === "string" ? dlqId : null,
  };
}

function countOf(header: string | null): number {
  const count = Number(header ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** The delivery of a message that was delivered so often before. */
function deliveryOf(
  text: string,
  facts: { readonly messageId: string; readonly before: number; readonly retries?: number },
): DeliveredTask | DeliveredTick {
  const message = readMessage(text);
  const { messageId, before, retries = message.turn.retries } = facts;
  const isLast = before >= retries;
  const deliveriesBefore = before + message.turn.before;
  if (message.kind === "task") {
    const { id, path, task } = message;
    return { kind: "task", id, path, messageId, task, deliveriesBefore, isLast };
  }
  const { id: scheduleId, path, codec, input, options } = message.schedule;
  const id = derivedId(`tick\0${scheduleId}\0${messageId}`);
  return { kind: "tick", id, path, messageId, scheduleId, codec, input, options, deliveriesBefore, isLast };
}

/** Reads what QStash posts to the webhook, once its signature has been checked. */
function createReader(options: ResolvedQstashOptions): (call: WebhookCall) => Promise<Delivered> {
  const signatures = new SignatureCheck(options);
  return async (call) => {
    const text = UTF_8.decode(call.body);
    await signatures.check(call, text);
    const before = countOf(call.header("upstash-retried"));
    const failure = failureCallbackOf(text);
    if (failure === null) {
      const messageId = call.header("upstash-message-id");
      if (messageId === null)
        throw new WebhookError({ message: "The call has no Upstash-Message-Id header." });
      return deliveryOf(text, { messageId, before });
    }
    const { sourceMessageId: messageId } = failure;
    const source = deliveryOf(failure.sourceBody, { messageId, before, retries: CALLBACK_RETRIES });
    // Nothing of a tick is stored before it arrives, so its last delivery is this one.
    if (source.kind === "tick") return source;
    return {
      kind: "given-up",
      id: source.id,
      path: source.path,
      messageId,
      deliveries: failure.retried + 1,
      status: failure.status,
      deadLetterId: failure.dlqId,
    };
  };
}

/** The facet of deliveries where a store keeps the task results. */
export function createStoredDeliveries(parts: StoredParts): DeliverySource {
  const { options, store, unsent } = parts;
  return {
    webhookPath: options.callback.pathname,
    keepsResults: true,
    read: createReader(options),
    receive: async ({ task, now }) => {
      const [outcome] = await store.store.enqueue({ tasks: [task], atomic: false, now });
      if (outcome?.outcome === "failed") throw outcome.error;
    },
    state: async ({ id }) => (await store.store.get({ ids: [id] }))[0] ?? null,
    resend: (request) => resendStored(parts, request),
    postpone: async ({ id, until, now }) => {
      const note = unsent.note({ id, cause: `postponed-${until}` }, { now, at: until });
      const [outcome] = await store.store.enqueue({ tasks: [note], atomic: false, now });
      if (outcome?.outcome === "failed") throw outcome.error;
    },
    leases: store.leases,
  };
}

/** The facet of deliveries where nothing keeps task results but their messages. */
export function createDirectDeliveries(options: ResolvedQstashOptions, sender: QstashSender): DeliverySource {
  const ledger = new DeliveryLedger();
  return {
    webhookPath: options.callback.pathname,
    keepsResults: false,
    read: createReader(options),
    receive: async ({ task, deliveriesBefore }) => ledger.receive(task, deliveriesBefore),
    state: async ({ id }) => ledger.stateOf(id),
    resend: async ({ task, ...turn }) => {
      const [answer] = await sender.send([outgoingTask(options, task, turn)]);
      if (answer?.outcome === "failed") throw answer.error;
    },
    leases: ledger.leases,
  };
}
