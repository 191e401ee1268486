import type { DeliveryAnswer, MessageRecord } from "./message-record.ts";
import { properCase, withoutNulls } from "./message-view.ts";

/** What a callback tells of an attempt, as JSON. */
export function callbackBody(message: MessageRecord, answer: DeliveryAnswer, dlqId: string | null): string {
  const { options } = message;
  const sourceHeader = Object.fromEntries(
    options.headers.map(([name, value]) => [properCase(name), [value]]),
  );
  return JSON.stringify(
    withoutNulls({
      status: answer.status ?? 0,
      header: answer.headers,
      body: answer.status === null ? Buffer.from(answer.error ?? "").toString("base64") : answer.body,
      retried: message.retried,
      maxRetries: options.maxRetries,
      sourceMessageId: message.id,
      dlqId,
      topicName: message.topicName,
      endpointName: message.endpointName,
      url: message.url,
      method: options.method,
      sourceHeader,
      sourceBody: message.body,
      notBefore: String(message.notBefore),
      createdAt: String(message.createdAt),
      scheduleId: message.scheduleId,
      callerIP: message.callerIp,
    }),
  );
}
