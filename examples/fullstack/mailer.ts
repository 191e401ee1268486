// A stand-in for a mail server: it takes three seconds for a mail, and knows nobody at nowhere.example.
import { setTimeout as pause } from "node:timers/promises";
import { NonRetryable } from "@taskwright/server";

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

export interface Delivery {
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** The same for each try of one mail. */
  readonly idempotencyKey: string;
  /** Told the share that has gone out, from 0 to 1. */
  readonly onSent: (share: number) => Promise<void>;
}

export interface Mailer {
  /** Gives the number of bytes that were sent. */
  deliver(mail: Mail, delivery: Delivery): Promise<number>;
}

const STEPS = 12;
const STEP_MS = 250;

export const pretendMailer: Mailer = {
  deliver: async ({ to, subject, body }, { signal, onSent }) => {
    for (let step = 1; step <= STEPS; step++) {
      await pause(STEP_MS, undefined, { signal });
      if (step > STEPS / 3 && to.endsWith("@nowhere.example"))
        throw new NonRetryable(`The mail server knows nobody called ${to}.`);
      await onSent(step / STEPS);
    }
    return Buffer.byteLength(`To: ${to}\r\nSubject: ${subject}\r\n\r\n${body}`);
  },
};
