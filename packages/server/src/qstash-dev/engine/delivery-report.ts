import type { MessageKind } from "./message-record.ts";

/** How one attempt to deliver a message went. */
export interface DeliveryReport {
  /** When it began, epoch milliseconds. */
  readonly at: number;
  /** How long it really took, whatever the clock says. */
  readonly durationMs: number;
  readonly messageId: string;
  readonly kind: MessageKind;
  readonly url: string;
  readonly method: string;
  readonly labels: readonly string[];
  readonly scheduleId: string | null;
  readonly queueName: string | null;
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** Why there was no answer. */
  readonly error: string | null;
  readonly outcome: "delivered" | "retry" | "failed" | "cancelled";
  /** When the next attempt may begin, epoch milliseconds. */
  readonly nextAt: number | null;
}
