export type { DeliveryReport } from "./engine/delivery-report.ts";
export type { SigningKeys } from "./engine/dev-credentials.ts";
export type { QstashLimits } from "./engine/limits.ts";
export type { MessageKind } from "./engine/message-record.ts";
export { type QstashDev, type QstashDevOptions, startQstashDev } from "./start-qstash-dev.ts";
