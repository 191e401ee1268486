import { TaskError } from "@taskwright/shared";
import type { ClaimedTask } from "../backend/index.ts";
import type { Host } from "./host.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { encodeProgress } from "./progress.ts";
import type { SafeAttemptSpan } from "./safe-attempt-span.ts";

/** What a handler knows and says about its own run. */
export interface Attempt {
  /** The task result's id: the same at every attempt, so it serves as idempotency key for outside effects. */
  readonly id: string;
  readonly path: string;
  /** From 1. */
  readonly number: number;
  /** Whether a failure now would be the last: no retry is left. */
  readonly isLast: boolean;
  readonly maxRetries: number;
  readonly queue: string;
  readonly priority: number;
  readonly workerId: string;
  readonly enqueuedAt: Date;
  readonly parentId: string | null;
  readonly scheduleId: string | null;
  readonly tags: readonly string[];
  /**
   * Stores how far it is, any JSON-safe value of at most 16 KB; a number from 0 to 1 is shown as a percentage. Resolves
   * when it is stored.
   *
   * Rejects with LEASE_LOST when another attempt has taken over, and with PAYLOAD_ERROR for what JSON cannot say.
   */
  progress(value: unknown): Promise<void>;
  /** Milliseconds until the timeout, at least 0; null without one. */
  remainingMs(): number | null;
}

/** Why a running attempt was told to stop. */
export type AbortCause = "timeout" | "cancel" | "lease-lost" | "shutdown";

const ABORT_MESSAGES: Record<
  AbortCause,
  { code: "TASK_CANCELLED" | "LEASE_LOST" | "CLOSED" | "ABORTED"; text: string }
> = {
  timeout: { code: "ABORTED", text: "ran longer than its timeout" },
  cancel: { code: "TASK_CANCELLED", text: "was cancelled" },
  "lease-lost": { code: "LEASE_LOST", text: "lost its lease; another attempt may be running" },
  shutdown: { code: "CLOSED", text: "is stopped because its worker stops; it will run again" },
};

/** One attempt while it runs; what few handlers use is made when it is asked for. */
export class RunningAttempt implements Attempt {
  readonly claimed: ClaimedTask;
  readonly opened: OpenedBackend;
  readonly workerId: string;
  /** When the handler was started, on the host's monotonic clock. */
  readonly startedAt: number;
  readonly timeoutMs: number | null;
  /** The span around it; null where nothing is traced. */
  span: SafeAttemptSpan | null = null;
  readonly #host: Host;
  #controller: AbortController | null = null;
  #abortCause: AbortCause | null = null;

  constructor(init: {
    readonly claimed: ClaimedTask;
    readonly opened: OpenedBackend;
    readonly workerId: string;
    readonly timeoutMs: number | null;
    readonly host: Host;
  }) {
    this.claimed = init.claimed;
    this.opened = init.opened;
    this.workerId = init.workerId;
    this.timeoutMs = init.timeoutMs;
    this.#host = init.host;
    this.startedAt = init.host.monotonicTime();
  }

  get id(): string {
    return this.claimed.id;
  }
  get path(): string {
    return this.claimed.path;
  }
  get number(): number {
    return this.claimed.attempts;
  }
  get isLast(): boolean {
    return this.claimed.retriesUsed >= this.claimed.maxRetries;
  }
  get maxRetries(): number {
    return this.claimed.maxRetries;
  }
  get queue(): string {
    return this.claimed.queue;
  }
  get priority(): number {
    return this.claimed.priority;
  }
  get enqueuedAt(): Date {
    return new Date(this.claimed.enqueuedAt);
  }
  get parentId(): string | null {
    return this.claimed.parentId;
  }
  get scheduleId(): string | null {
    return this.claimed.scheduleId;
  }
  get tags(): readonly string[] {
    return this.claimed.tags;
  }

  /** The parent of what its handler enqueues. */
  get parentOfCalls(): string | null {
    return this.claimed.id;
  }

  /** Why it was told to stop first, or null. */
  get abortCause(): AbortCause | null {
    return this.#abortCause;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#abortCause !== null) this.#controller.abort(this.#reason(this.#abortCause));
    }
    return this.#controller.signal;
  }

  /** Tells the handler to stop; the first cause stays, except that a lost lease overrides it. */
  abort(cause: AbortCause): void {
    if (this.#abortCause === null || cause === "lease-lost") this.#abortCause = cause;
    this.#controller?.abort(this.#reason(cause));
  }

  /** Throws the reason when it has been told to stop. */
  throwIfAborted(): void {
    if (this.#abortCause !== null) throw this.#reason(this.#abortCause);
  }

  /** Throws the reason when another process has taken over. */
  throwIfLost(): void {
    if (this.#abortCause === "lease-lost") throw this.#reason("lease-lost");
  }

  progress(value: unknown): Promise<void> {
    const stored = this.#storeProgress(value);
    // Nobody need wait for it, and what nobody waits for must not end the process.
    stored.catch(() => undefined);
    return stored;
  }

  async #storeProgress(value: unknown): Promise<void> {
    const progress = encodeProgress(this.path, value);
    const { id, token } = this.claimed;
    const outcome = await this.opened.progress.add({ lease: { id, token }, progress });
    if (outcome === "applied") return;
    this.abort("lease-lost");
    throw this.#reason("lease-lost");
  }

  remainingMs(): number | null {
    if (this.timeoutMs === null) return null;
    return Math.max(0, Math.floor(this.startedAt + this.timeoutMs - this.#host.monotonicTime()));
  }

  #reason(cause: AbortCause): TaskError {
    const { code, text } = ABORT_MESSAGES[cause];
    return new TaskError({
      code,
      message: `Attempt ${this.number} of ${this.path} ${this.id} ${text}.`,
      data: { id: this.id, path: this.path, attempt: this.number, cause },
    });
  }
}
