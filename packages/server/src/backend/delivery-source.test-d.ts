import { expectTypeOf } from "vitest";
import type {
  Backend,
  Delivered,
  DeliveredTask,
  DeliveredTick,
  DeliveryGivenUp,
  DeliverySource,
  LeaseSource,
  NewTask,
  ResendRequest,
  TaskRecord,
  WebhookCall,
} from "./index.ts";

expectTypeOf<Backend["delivery"]>().toEqualTypeOf<DeliverySource | undefined>();
declare const source: DeliverySource;

expectTypeOf(source.leases).toEqualTypeOf<LeaseSource>();
expectTypeOf(source.keepsResults).toEqualTypeOf<boolean>();
expectTypeOf(source.read).parameters.toEqualTypeOf<[WebhookCall]>();
expectTypeOf(source.read).returns.resolves.toEqualTypeOf<Delivered>();
expectTypeOf(source.state({ id: "1" })).resolves.toEqualTypeOf<TaskRecord | null>();
expectTypeOf(source.resend).parameters.toEqualTypeOf<[ResendRequest]>();
// @ts-expect-error -- only a backend that keeps task results leaves them to a relay
void source.postpone({ id: "1", until: 1, now: 0 });
// @ts-expect-error -- a repetition is known by its cause
void source.resend({ task: {} as NewTask, at: 1, deliveriesBefore: 0, now: 0 });

declare const delivered: Delivered;
expectTypeOf(delivered.id).toEqualTypeOf<string>();
expectTypeOf(delivered.messageId).toEqualTypeOf<string>();
if (delivered.kind === "task") expectTypeOf(delivered).toEqualTypeOf<DeliveredTask>();
else if (delivered.kind === "tick") expectTypeOf(delivered).toEqualTypeOf<DeliveredTick>();
else expectTypeOf(delivered).toEqualTypeOf<DeliveryGivenUp>();
expectTypeOf<DeliveredTask["task"]>().toEqualTypeOf<NewTask | null>();
expectTypeOf<DeliveredTick["scheduleId"]>().toEqualTypeOf<string>();
expectTypeOf<DeliveryGivenUp["deadLetterId"]>().toEqualTypeOf<string | null>();
// @ts-expect-error -- what is given up is not delivered again
void (delivered as DeliveryGivenUp).isLast;

declare const call: WebhookCall;
expectTypeOf(call.header("upstash-signature")).toEqualTypeOf<string | null>();
expectTypeOf(call.body).toEqualTypeOf<Uint8Array>();
