import type { DeadLetter, MessageRecord } from "./message-record.ts";
import { isRedacted, redacted } from "./redaction.ts";

/** A value without what is null, as QStash leaves out what was not given. */
export function withoutNulls(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null && part !== undefined));
}

/** Bytes as text where they are UTF-8, else in base64 under the other name. */
function textOrBase64(base64: string, name: string): Record<string, string> {
  const bytes = Buffer.from(base64, "base64");
  try {
    return { [name]: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { [`${name}Base64`]: base64 };
  }
}

/** A name of a header as QStash writes it: `Content-Type`. */
export function properCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** The headers that the endpoint gets, by name, redacted where that was asked for. */
export function shownHeaders({ options }: Pick<MessageRecord, "options">): Record<string, string[]> {
  const shown: Record<string, string[]> = {};
  for (const [name, value] of options.headers) {
    const text = isRedacted(options.redact, name) ? redacted(value) : value;
    Object.defineProperty(shown, properCase(name), { value: [text], enumerable: true, configurable: true });
  }
  return shown;
}

/** The body, redacted where that was asked for. */
export function shownBody({
  options,
  body,
}: Pick<MessageRecord, "options" | "body">): Record<string, string> {
  if (options.redact?.body === true) return { body: redacted(Buffer.from(body, "base64")) };
  return textOrBase64(body, "body");
}

/** What logs, messages and the DLQ have in common. */
export function messageIdentity(message: MessageRecord): Record<string, unknown> {
  const { options } = message;
  return {
    messageId: message.id,
    url: message.url,
    topicName: message.topicName,
    endpointName: message.endpointName,
    queueName: message.queueName,
    scheduleId: message.scheduleId,
    callerIP: message.callerIp,
    callerIp: message.callerIp,
    label: options.labels[0],
    labels: options.labels.length === 0 ? null : options.labels,
    flowControlKey: options.flowControl?.key,
    parallelism: options.flowControl?.parallelism,
    rate: options.flowControl?.rate,
    period: options.flowControl?.rate == null ? null : options.flowControl.periodMs / 1_000,
  };
}

/** A message as `GET /v2/messages/:id` shows it. */
export function messageView(message: MessageRecord): Record<string, unknown> {
  const { options } = message;
  return withoutNulls({
    ...messageIdentity(message),
    method: options.method,
    header: shownHeaders(message),
    ...shownBody(message),
    maxRetries: options.maxRetries,
    retryDelayExpression: options.retryDelay,
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    callback: options.callback?.url,
    failureCallback: options.failureCallback?.url,
    timeout: options.timeoutMs === null ? null : options.timeoutMs / 1_000,
  });
}

/** A message in the DLQ as `GET /v2/dlq` shows it. */
export function deadLetterView({ dlqId, message, answer }: DeadLetter): Record<string, unknown> {
  return withoutNulls({
    ...messageView(message),
    dlqId,
    retried: message.retried,
    responseStatus: answer.status,
    responseHeader: answer.headers,
    ...(answer.status === null ? {} : textOrBase64(answer.body, "responseBody")),
    responseError: answer.error,
  });
}
