import { NonRetryable, RetryAfter } from "@taskwright/server";
import type { TaskStatus } from "@taskwright/shared";
import { storeAway } from "./store-away.ts";

/** How a handler of a row ends. */
export type HandlerEnd = "returns" | "throws" | RetryAfter | NonRetryable;

/** What happened to a delivery, what the webhook answers, and what the task result is then. */
export interface WebhookOutcome {
  /** For people; the documentation shows it. */
  readonly happened: string;
  readonly status: number;
  /** In seconds; null for no header. */
  readonly retryAfter: number | null;
  /** Whether `Upstash-NonRetryable-Error: true` is answered. */
  readonly isNonRetryable: boolean;
  /** The state of the task result afterwards; null where there is none. */
  readonly state: TaskStatus | null;
  /** What becomes of it, for people. */
  readonly then: string;
  /** How the situation is brought about. */
  readonly situation: {
    readonly handler?: HandlerEnd;
    readonly maxRetries?: number;
    /** What was done to the task result before the delivery. */
    readonly before?:
      | "cancelled"
      | "deleted"
      | "ended well"
      | "ended badly"
      | "claimed by another"
      | "not due";
    /** What is changed of the call. */
    readonly call?:
      | "wrong key"
      | "no message"
      | "newer version"
      | "another path"
      | "last delivery"
      | "given up";
    readonly store?: "away";
  };
}

const DONE = { status: 200, retryAfter: null, isNonRetryable: false } as const;
const FAILED = { status: 489, retryAfter: null, isNonRetryable: true, state: "FAILED" } as const;
const LATER = { status: 503, isNonRetryable: false } as const;

/** Every outcome of the webhook with a store; the documentation's table is made of it. */
export const WEBHOOK_OUTCOMES: readonly WebhookOutcome[] = [
  {
    ...DONE,
    happened: "The handler returns",
    state: "SUCCESSFUL",
    then: "It is over.",
    situation: { handler: "returns" },
  },
  {
    ...LATER,
    happened: "The handler throws, and retries are left",
    retryAfter: 10,
    state: "READY",
    then: "QStash delivers it again when its retry policy says.",
    situation: { handler: "throws" },
  },
  {
    ...LATER,
    happened: "The handler throws RetryAfter, up to a day",
    retryAfter: 600,
    state: "READY",
    then: "QStash delivers it again after that time.",
    situation: { handler: new RetryAfter("10m") },
  },
  {
    ...DONE,
    happened: "The handler throws RetryAfter, of more than a day",
    state: "READY",
    then: "A further message is sent, which waits for that time.",
    situation: { handler: new RetryAfter("3d") },
  },
  {
    ...DONE,
    happened: "The handler throws at the last delivery of a message, and retries are left",
    state: "READY",
    then: "A further message is sent, which waits for the retry's time.",
    situation: { handler: "throws", call: "last delivery", maxRetries: 12 },
  },
  {
    ...FAILED,
    happened: "The handler throws, and no retries are left",
    then: "It is over; QStash keeps the message as a dead letter.",
    situation: { handler: "throws", maxRetries: 0 },
  },
  {
    ...FAILED,
    happened: "The handler throws NonRetryable",
    then: "It is over; QStash keeps the message as a dead letter.",
    situation: { handler: new NonRetryable("never") },
  },
  {
    ...LATER,
    happened: "Another delivery is running it",
    retryAfter: 30,
    state: "RUNNING",
    then: "QStash comes again, and gets the answer of its end.",
    situation: { before: "claimed by another" },
  },
  {
    ...LATER,
    happened: "It came before its time",
    retryAfter: 300,
    state: "READY",
    then: "QStash comes again at its time.",
    situation: { before: "not due" },
  },
  {
    ...DONE,
    happened: "It had ended SUCCESSFUL before",
    state: "SUCCESSFUL",
    then: "Nothing runs.",
    situation: { before: "ended well" },
  },
  {
    ...FAILED,
    happened: "It had ended FAILED before",
    then: "Nothing runs.",
    situation: { before: "ended badly" },
  },
  {
    ...DONE,
    happened: "It was cancelled before",
    state: "CANCELLED",
    then: "Nothing runs.",
    situation: { before: "cancelled" },
  },
  {
    ...LATER,
    happened: "The store has no such task result",
    retryAfter: 60,
    state: null,
    then: "The log says so; in the end QStash keeps the message as a dead letter.",
    situation: { before: "deleted" },
  },
  {
    ...DONE,
    happened: "This deploy has no handler for the path",
    state: "READY",
    then: "A relay sends it again after five minutes.",
    situation: { call: "another path" },
  },
  {
    ...LATER,
    happened: "The store is away",
    retryAfter: 30,
    state: "READY",
    then: "QStash comes again, each time eight times as late, up to a day.",
    situation: { store: "away" },
  },
  {
    ...LATER,
    happened: "The message is of a newer version",
    retryAfter: 30,
    state: "READY",
    then: "QStash comes again, and may meet a process that is up to date.",
    situation: { call: "newer version" },
  },
  {
    status: 401,
    retryAfter: null,
    isNonRetryable: false,
    happened: "The signature is missing, expired, replayed, of another key, body or URL",
    state: "READY",
    then: "Nothing runs; the answer and the log name the reason.",
    situation: { call: "wrong key" },
  },
  {
    status: 489,
    retryAfter: null,
    isNonRetryable: true,
    happened: "The body is signed, and no message of Taskwright's",
    state: "READY",
    then: "QStash keeps the message as a dead letter.",
    situation: { call: "no message" },
  },
  {
    ...DONE,
    happened: "QStash has given up a task that has retries left",
    state: "READY",
    then: "It counts as an attempt, and a further message is sent.",
    situation: { call: "given up" },
  },
  {
    ...DONE,
    happened: "QStash has given up a task that has none",
    state: "FAILED",
    then: "Its error names the dead letter.",
    situation: { call: "given up", maxRetries: 0 },
  },
];

/** Ends a handler as a row says. */
export function endAs(end: HandlerEnd): void {
  if (end === "throws") throw new Error("no luck");
  if (end instanceof Error) throw end;
}

/** What a store says that is away. */
export function storeIsAway(): never {
  throw storeAway();
}
