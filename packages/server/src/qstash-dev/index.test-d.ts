import { expectTypeOf } from "vitest";
import {
  type DeliveryReport,
  type MessageKind,
  type QstashDev,
  type QstashDevOptions,
  type QstashLimits,
  type SigningKeys,
  startQstashDev,
} from "./index.ts";

expectTypeOf(startQstashDev()).toEqualTypeOf<Promise<QstashDev>>();
await startQstashDev({
  port: 0,
  host: "::1",
  file: "qstash.db",
  token: "secret",
  keys: { current: "sig_1", next: "sig_2" },
  limits: { messageBytes: 1_000, retries: 3, messagesPerDay: Number.POSITIVE_INFINITY },
  region: "eu-central-1",
  requestTimeout: "10s",
  log: (delivery) => expectTypeOf(delivery).toEqualTypeOf<DeliveryReport>(),
  onFault: (error) => expectTypeOf(error).toBeUnknown(),
});

declare const server: QstashDev;
expectTypeOf(server).toExtend<AsyncDisposable>();
expectTypeOf(server.url).toEqualTypeOf<string>();
expectTypeOf(server.currentSigningKey).toEqualTypeOf<string>();
expectTypeOf(server.close()).toEqualTypeOf<Promise<void>>();
// @ts-expect-error -- the keys change by rotation only
server.nextSigningKey = "sig_3";

declare const delivery: DeliveryReport;
expectTypeOf(delivery.outcome).toEqualTypeOf<"delivered" | "retry" | "failed" | "cancelled">();
expectTypeOf(delivery.status).toEqualTypeOf<number | null>();
expectTypeOf(delivery.kind).toEqualTypeOf<MessageKind>();
expectTypeOf<MessageKind>().toEqualTypeOf<"message" | "callback" | "failureCallback">();
expectTypeOf<QstashLimits["retries"]>().toEqualTypeOf<number>();
expectTypeOf<QstashDevOptions["keys"]>().toEqualTypeOf<SigningKeys | undefined>();

// @ts-expect-error -- there is no such limit
await startQstashDev({ limits: { messageByte: 1 } });
// @ts-expect-error -- a duration has a unit
await startQstashDev({ requestTimeout: 10 });
// @ts-expect-error -- one key signs, the other is next
await startQstashDev({ keys: { current: "sig_1" } });
// @ts-expect-error -- ports are numbers
await startQstashDev({ port: "8080" });
