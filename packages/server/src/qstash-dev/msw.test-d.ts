import type { HttpHandler } from "msw";
import { setupServer } from "msw/node";
import { expectTypeOf } from "vitest";
import {
  type ControlledQstash,
  type DeliveryReport,
  type FailedMessage,
  type MessageKind,
  type PendingMessage,
  type QstashHandlers,
  type QstashHandlersOptions,
  type QstashLimits,
  qstashHandlers,
  type SigningKeys,
} from "./msw.ts";

const { handlers, qstash } = qstashHandlers();
expectTypeOf(handlers).toEqualTypeOf<readonly HttpHandler[]>();
expectTypeOf(qstash).toEqualTypeOf<ControlledQstash>();
expectTypeOf<QstashHandlers>().toEqualTypeOf<{
  readonly handlers: readonly HttpHandler[];
  readonly qstash: ControlledQstash;
}>();
setupServer(...handlers);

qstashHandlers({
  baseUrl: "https://qstash.upstash.io",
  token: "secret",
  keys: { current: "sig_1", next: "sig_2" },
  limits: { retries: 3 },
  clock: new Date("2030-01-01"),
  deliver: (request) => new Response(request.url),
  patience: "1s",
});
qstashHandlers({ deliver: async () => new Response() });

expectTypeOf(qstash.advance("10m")).toEqualTypeOf<Promise<void>>();
expectTypeOf(qstash.settle()).toEqualTypeOf<Promise<void>>();
expectTypeOf(qstash.now()).toEqualTypeOf<Date>();
expectTypeOf(qstash.messages()).toEqualTypeOf<readonly PendingMessage[]>();
expectTypeOf(qstash.deliveries()).toEqualTypeOf<readonly DeliveryReport[]>();
expectTypeOf(qstash.dlq()).toEqualTypeOf<readonly FailedMessage[]>();
expectTypeOf<FailedMessage["status"]>().toEqualTypeOf<number | null>();
expectTypeOf<PendingMessage["nextAttemptAt"]>().toEqualTypeOf<Date>();
expectTypeOf<DeliveryReport["kind"]>().toEqualTypeOf<MessageKind>();
expectTypeOf<QstashHandlersOptions["keys"]>().toEqualTypeOf<SigningKeys | undefined>();
expectTypeOf<QstashHandlersOptions["limits"]>().toEqualTypeOf<Partial<QstashLimits> | undefined>();

// @ts-expect-error -- a duration has a unit
void qstash.advance(600);
// @ts-expect-error -- a message that was given up has no next attempt
qstash.dlq()[0]?.nextAttemptAt;
// @ts-expect-error -- the held clock begins at a Date
qstashHandlers({ clock: "2030-01-01" });
// @ts-expect-error -- deliveries are answered by responses
qstashHandlers({ deliver: () => "ok" });
