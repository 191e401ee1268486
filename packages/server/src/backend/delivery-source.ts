import type { LeaseSource } from "./lease-source.ts";
import type { NewTask, TaskRecord } from "./task-record.ts";

/** A call that came to the webhook, as it came. */
export interface WebhookCall {
  /** The header's value; null where it is missing. Names are in lower case. */
  header(name: string): string | null;
  /** The body as it was sent, which is what was signed. */
  readonly body: Uint8Array;
}

/** What is known of every delivery. */
interface Delivery {
  /** The task result's id; for a tick what it has to be, the same however often this is delivered. */
  readonly id: string;
  readonly path: string;
  /** The backend's own name for what it delivered, the same at each of its deliveries. */
  readonly messageId: string;
}

/** A task result's turn. */
export interface DeliveredTask extends Delivery {
  readonly kind: "task";
  /** Where the backend keeps no task results, all that there is of it. */
  readonly task: NewTask | null;
  /** How often it was delivered before. */
  readonly deliveriesBefore: number;
  /** Whether the backend will not deliver it again, whatever it is answered. */
  readonly isLast: boolean;
}

/** A time of a schedule that the backend runs itself. */
export interface DeliveredTick extends Delivery {
  readonly kind: "tick";
  readonly scheduleId: string;
  readonly codec: string;
  /** Encoded input; null when the task has none. */
  readonly input: string | null;
  /** The options of its calls, as {@link ScheduleRecord.options} has them. */
  readonly options: string | null;
  /** How often it was delivered before. */
  readonly deliveriesBefore: number;
  /** Whether the backend will not deliver it again, whatever it is answered. */
  readonly isLast: boolean;
}

/** The backend has tried often enough to deliver a task, and will not do so again by itself. */
export interface DeliveryGivenUp extends Delivery {
  readonly kind: "given-up";
  /** How often it was delivered. */
  readonly deliveries: number;
  /** The HTTP status that the last delivery was answered with. */
  readonly status: number;
  /** Where the backend keeps it for people; null when it does not say. */
  readonly deadLetterId: string | null;
}

/** What a call brings. */
export type Delivered = DeliveredTask | DeliveredTick | DeliveryGivenUp;

/** What is to be delivered once more. */
export interface ResendRequest {
  readonly task: NewTask;
  readonly at: number;
  /** What makes it another delivery than those before, and the same as its own repetition. */
  readonly cause: string;
  /** How many deliveries count as attempts already; of use where nothing else counts them. */
  readonly deliveriesBefore: number;
  readonly now: number;
}

/** The facet of backends that push: how what they deliver is taken. */
export interface DeliverySource {
  /** The path of the URL that deliveries are sent to. */
  readonly webhookPath: string;
  /** Whether task results can be read; else all that is known of them is what this process has been delivered. */
  readonly keepsResults: boolean;

  /**
   * Checks that a call comes from the backend, and reads it. Rejects with SIGNATURE_ERROR, whose `data.reason` says what
   * is wrong, with WEBHOOK_ERROR for what is no message of Taskwright's, and UPDATE_REQUIRED for one of a newer version.
   */
  read(call: WebhookCall): Promise<Delivered>;

  /** Keeps a task result that was never enqueued here, so that it can be claimed; changes nothing for an id that is there. */
  receive(request: {
    readonly task: NewTask;
    readonly deliveriesBefore: number;
    readonly now: number;
  }): Promise<void>;

  /** What is known of a task result; null when nothing is. */
  state(request: { readonly id: string }): Promise<TaskRecord | null>;

  /**
   * Delivers a task once more at a time, although it has been delivered before. A repetition with the same `cause` is
   * delivered once.
   */
  resend(request: ResendRequest): Promise<void>;

  /** Leaves a task to a relay, which delivers it anew after a time; absent where task results are not kept. */
  postpone?(request: { readonly id: string; readonly until: number; readonly now: number }): Promise<void>;

  /** For what has been delivered: claims name an id, and everything else is as for workers that pull. */
  readonly leases: LeaseSource;
}
