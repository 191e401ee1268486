export type { DeliveryReport } from "./engine/delivery-report.ts";
export type { SigningKeys } from "./engine/dev-credentials.ts";
export type { QstashLimits } from "./engine/limits.ts";
export type { MessageKind } from "./engine/message-record.ts";
export type { ControlledQstash, FailedMessage, PendingMessage } from "./msw/controlled-qstash.ts";
export { type QstashHandlers, type QstashHandlersOptions, qstashHandlers } from "./msw/qstash-handlers.ts";
