import { ApiError, badRequest } from "./api-error.ts";
import type { QstashClock } from "./clock.ts";
import type { Collection } from "./collection.ts";
import { type Deduplication, deduplicationKey, type PublishedMessage } from "./deduplication.ts";
import { readDeliveryOptions } from "./delivery-options.ts";
import { checkName, readDestination } from "./destination.ts";
import type { EventLog } from "./event-log.ts";
import type { FlowControls } from "./flow-controls.ts";
import type { QstashLimits } from "./limits.ts";
import type { DeliveryOptions, MessageKind, MessageRecord } from "./message-record.ts";
import { newId } from "./new-id.ts";
import { PublishQuota } from "./publish-quota.ts";
import type { Queues } from "./queues.ts";
import type { UrlGroups } from "./url-groups.ts";

/** What the publisher works on. */
export interface PublisherParts {
  readonly clock: QstashClock;
  readonly limits: QstashLimits;
  readonly messages: Collection<MessageRecord>;
  readonly queues: Queues;
  readonly flows: FlowControls;
  readonly groups: UrlGroups;
  readonly events: EventLog;
  readonly deduplication: Deduplication;
  readonly nextSequence: () => number;
  /** Takes a stored message on. */
  dispatch(message: MessageRecord): void;
}

/** A request to publish. */
export interface PublishRequest {
  /** As it was written. */
  readonly destination: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly queueName: string | null;
  readonly callerIp: string;
}

/** What a publish is answered. */
export interface PublishAnswer {
  readonly status: 200 | 202;
  readonly body: unknown;
}

/** One message to make. */
export interface NewMessage {
  readonly url: string;
  /** Base64. */
  readonly body: string;
  readonly options: DeliveryOptions;
  readonly callerIp: string;
  readonly kind?: MessageKind;
  readonly topicName?: string | null;
  readonly endpointName?: string | null;
  readonly queueName?: string | null;
  readonly scheduleId?: string | null;
  readonly holds?: MessageRecord["holds"];
}

interface Target {
  readonly url: string;
  readonly topicName: string | null;
  readonly endpointName: string | null;
}

/** Turns requests into messages. */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #quota: PublishQuota;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#quota = new PublishQuota(parts.limits);
  }

  /** Publishes, or finds what was published before under the same deduplication key; throws ApiError. */
  publish(request: PublishRequest): PublishAnswer {
    const { clock, deduplication } = this.#parts;
    const { destination, headers, body, queueName, callerIp } = request;
    const now = clock.now();
    this.#checkBody(body);
    const options = readDeliveryOptions(headers, this.#parts.limits);
    const targets = this.targetsOf(destination);
    const isGroup = targets[0]?.topicName !== null;
    if (queueName !== null) checkName(queueName, "queue name");
    const key = deduplicationKey(headers, { destination, body, headers: options.headers });
    const before = key === null ? undefined : deduplication.find(key, now);
    if (before !== undefined) return answer(before, isGroup, true);
    const base64 = Buffer.from(body).toString("base64");
    this.checkRoom(targets.length, base64.length);
    this.#quota.take(now);
    const published = targets.map((target) => {
      const { id, url } = this.create({ ...target, body: base64, options, callerIp, queueName });
      return { messageId: id, url };
    });
    if (key !== null) deduplication.remember(key, published, now);
    return answer(published, isGroup, false);
  }

  /** The receivers that a destination stands for; throws ApiError when there are none. */
  targetsOf(destination: string): readonly Target[] {
    const read = readDestination(destination);
    if (read.kind === "url") return [{ url: read.url, topicName: null, endpointName: null }];
    const { endpoints } = this.#parts.groups.get(read.name);
    if (endpoints.length === 0) throw badRequest("The url group has no endpoints.");
    return endpoints.map(({ url, name }) => ({ url, topicName: read.name, endpointName: name ?? null }));
  }

  /** Stores one message and takes it on. */
  create(message: NewMessage): MessageRecord {
    const { clock, messages, queues, flows, events, nextSequence, dispatch } = this.#parts;
    const now = clock.now();
    const { options, queueName = null } = message;
    const notBefore = options.notBefore ?? now + options.delayMs;
    const record: MessageRecord = {
      kind: "message",
      topicName: null,
      endpointName: null,
      scheduleId: null,
      holds: null,
      ...message,
      queueName,
      id: newId("msg_"),
      sequence: nextSequence(),
      createdAt: now,
      notBefore,
      retried: 0,
      dueAt: Math.max(notBefore, now),
    };
    if (queueName !== null) queues.ensure(queueName, now);
    if (options.flowControl !== null) flows.announce(options.flowControl);
    queues.holdMore(record);
    messages.set(record.id, record);
    events.add(record, "CREATED", now);
    dispatch(record);
    return record;
  }

  /** Throws ApiError when so many more messages of a length in base64 would be too much. */
  checkRoom(count: number, length: number): void {
    const { messages, limits } = this.#parts;
    const isFew = messages.size + count <= limits.pendingMessages;
    if (isFew && messages.weight + count * length <= (limits.pendingBytes * 4) / 3) return;
    throw new ApiError(429, "Too many messages wait for their delivery on this server.");
  }

  #checkBody(body: Uint8Array): void {
    const { messageBytes } = this.#parts.limits;
    if (body.length > messageBytes) {
      throw new ApiError(413, `The body has ${body.length} bytes; this server allows ${messageBytes}.`);
    }
  }
}

function answer(
  published: readonly PublishedMessage[],
  isGroup: boolean,
  isDuplicate: boolean,
): PublishAnswer {
  const items = published.map((item) => (isDuplicate ? { ...item, deduplicated: true } : item));
  return { status: isDuplicate ? 202 : 200, body: isGroup ? items : items[0] };
}
