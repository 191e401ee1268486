import { ApiError } from "./api-error.ts";
import type { QstashLimits } from "./limits.ts";

const DAY_MS = 86_400_000;

/** Counts in a window that begins with its first message. */
interface Window {
  start: number;
  count: number;
}

function used(window: Window, now: number, lengthMs: number): number {
  if (now - window.start >= lengthMs || now < window.start) {
    window.start = now;
    window.count = 0;
  }
  return window.count;
}

/** The limits on how often messages may be published, each answered as the service does. */
export class PublishQuota {
  readonly #limits: QstashLimits;
  readonly #day: Window = { start: 0, count: 0 };
  readonly #second: Window = { start: 0, count: 0 };

  constructor(limits: QstashLimits) {
    this.#limits = limits;
  }

  /** Counts one more message; throws ApiError 429 when that is one too many. */
  take(now: number): void {
    const { messagesPerDay, messagesPerSecond } = this.#limits;
    if (used(this.#second, now, 1_000) >= messagesPerSecond) {
      throw new ApiError(429, "Too many messages in one second.", {
        "Burst-RateLimit-Limit": String(messagesPerSecond),
        "Burst-RateLimit-Remaining": "0",
        "Burst-RateLimit-Reset": String(Math.ceil((this.#second.start + 1_000) / 1_000)),
      });
    }
    if (used(this.#day, now, DAY_MS) >= messagesPerDay) {
      throw new ApiError(429, "The daily number of messages is used up.", {
        "RateLimit-Limit": String(messagesPerDay),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": String(Math.ceil((this.#day.start + DAY_MS) / 1_000)),
      });
    }
    this.#second.count++;
    this.#day.count++;
  }
}
