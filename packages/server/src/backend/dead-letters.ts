/** A message that whoever delivers has given up on, and keeps for a while. */
export interface DeadLetter {
  readonly id: string;
  readonly messageId: string;
  /** The task result that it was for; null for a time of a schedule, and for what is no message of Taskwright's. */
  readonly taskId: string | null;
  /** The path of its task; null for what is no message of Taskwright's. */
  readonly path: string | null;
  readonly scheduleId: string | null;
  readonly createdAt: Date;
  /** The HTTP status that its last delivery was answered with. */
  readonly status: number | null;
  /** The answer to its last delivery. */
  readonly answer: string | null;
}

/** What to look for among dead letters. */
export interface DeadLetterFilter {
  /** Only those of the task with this path. */
  readonly task?: string;
  /** 1 to 100. @default 100 */
  readonly limit?: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** The facet of backends that push: what they have given up on, as far as it was for this backend. */
export interface DeadLetters {
  /** Reads a page. */
  list(filter?: DeadLetterFilter): Promise<{
    readonly deadLetters: readonly DeadLetter[];
    readonly nextCursor: string | null;
  }>;
  /** Reads one; null when there is none. */
  get(id: string): Promise<DeadLetter | null>;
  /**
   * Sends one anew and deletes it. Where task results are kept its task is made READY again, with all its retries, if it
   * had ended FAILED or CANCELLED; else its message is sent under a new id. Rejects with RESULT_NOT_FOUND.
   */
  redrive(id: string): Promise<void>;
  /** Deletes one; false when there is none. */
  delete(id: string): Promise<boolean>;
}
