/** How many requests of one key may be made at once, and in a period. */
export interface FlowControl {
  readonly key: string;
  readonly parallelism: number | null;
  readonly rate: number | null;
  readonly periodMs: number;
}

/** What is shown as a hash only. */
export interface Redaction {
  readonly body: boolean;
  /** Names in lower case. */
  readonly headers: "all" | readonly string[];
}

/** How a message is delivered; `null` is what was not asked for. */
export interface DeliveryOptions {
  readonly method: string;
  /** Those that the endpoint gets, `Content-Type` included. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly delayMs: number;
  /** Epoch milliseconds; wins over the delay. */
  readonly notBefore: number | null;
  readonly maxRetries: number;
  readonly retryDelay: string | null;
  readonly timeoutMs: number | null;
  readonly labels: readonly string[];
  readonly redact: Redaction | null;
  readonly flowControl: FlowControl | null;
  readonly callback: CallbackTarget | null;
  readonly failureCallback: CallbackTarget | null;
}

/** Where the outcome of a message is told, and how. */
export interface CallbackTarget {
  readonly url: string;
  readonly options: DeliveryOptions;
}

/** Why a message exists: somebody published it, or it tells how another one went. */
export type MessageKind = "message" | "callback" | "failureCallback";

/** A message that is not delivered yet; plain JSON. */
export interface MessageRecord {
  readonly id: string;
  /** Order of creation. */
  readonly sequence: number;
  readonly kind: MessageKind;
  readonly url: string;
  /** Base64. */
  readonly body: string;
  readonly options: DeliveryOptions;
  readonly topicName: string | null;
  readonly endpointName: string | null;
  readonly queueName: string | null;
  readonly scheduleId: string | null;
  readonly callerIp: string;
  readonly createdAt: number;
  readonly notBefore: number;
  /** Attempts that went wrong so far. */
  readonly retried: number;
  /** When the next attempt may begin. */
  readonly dueAt: number;
  /** Of a callback: the message in a queue whose successor has to wait for it. */
  readonly holds: { readonly queueName: string; readonly messageId: string } | null;
}

/** What an endpoint answered, or why there was no answer. */
export interface DeliveryAnswer {
  readonly status: number | null;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Base64, cut at the limit of messages. */
  readonly body: string;
  readonly error: string | null;
}

/** A message that was given up. */
export interface DeadLetter {
  readonly dlqId: string;
  readonly sequence: number;
  readonly failedAt: number;
  readonly message: MessageRecord;
  readonly answer: DeliveryAnswer;
}

/** What can happen to a message. */
export type QstashState =
  | "CREATED"
  | "ACTIVE"
  | "DELIVERED"
  | "ERROR"
  | "RETRY"
  | "FAILED"
  | "CANCEL_REQUESTED"
  | "CANCELLED";
