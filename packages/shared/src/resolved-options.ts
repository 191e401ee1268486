/** A backoff with every default filled in; times in milliseconds. */
export interface ResolvedBackoff {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: boolean;
}

type Writable = { -readonly [K in keyof ParsedOptions]: ParsedOptions[K] };

/** One level of options (defaults, task, `using` or call), checked; absent means the level says nothing. */
export interface ParsedOptions {
  readonly label?: string;
  readonly queue?: string;
  readonly backend?: string;
  readonly priority?: number;
  readonly maxRetries?: number;
  /** Holds over `backoff` where both are present. */
  readonly retryDelayMs?: number;
  readonly backoff?: ResolvedBackoff;
  /** null: no limit. */
  readonly timeoutMs?: number | null;
  readonly expiresMs?: number;
  readonly deduplicated?: boolean;
  /** Holds over `deduplicated` where both are present. */
  readonly deduplicationId?: string;
  readonly deduplicationWindowMs?: number;
  readonly tags?: readonly string[];
  readonly leaseMs?: number;
  readonly transaction?: boolean;
  /** From the time of the call. */
  readonly countdownMs?: number;
  /** Epoch milliseconds. */
  readonly runAt?: number;
}

/** Every level merged over the built-in defaults; where none says `leaseMs`, the backend does. */
export interface ResolvedOptions extends ParsedOptions {
  readonly queue: string;
  readonly backend: string;
  readonly priority: number;
  readonly maxRetries: number;
  readonly backoff: ResolvedBackoff;
  readonly timeoutMs: number | null;
  readonly deduplicated: boolean;
  readonly deduplicationWindowMs: number;
  readonly tags: readonly string[];
  readonly transaction: boolean;
}

/** What holds where no level says otherwise. */
export const BUILT_IN_OPTIONS: ResolvedOptions = {
  queue: "default",
  backend: "default",
  priority: 0,
  maxRetries: 3,
  backoff: { initialMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: true },
  timeoutMs: 15 * 60_000,
  deduplicated: false,
  deduplicationWindowMs: 10 * 60_000,
  tags: [],
  transaction: false,
};

/** Lays a nearer level over a farther one; what the farther one says of the same thing in another way gives way. */
export function mergeOptions<T extends ParsedOptions>(farther: T, nearer: ParsedOptions): T {
  const merged: Partial<Writable> = { ...farther, ...nearer };
  // Where a level has both, retryDelayMs holds over backoff and deduplicationId over deduplicated.
  if (nearer.backoff !== undefined && nearer.retryDelayMs === undefined) delete merged.retryDelayMs;
  if (nearer.deduplicated !== undefined && nearer.deduplicationId === undefined)
    delete merged.deduplicationId;
  if (nearer.countdownMs !== undefined) delete merged.runAt;
  if (nearer.runAt !== undefined) delete merged.countdownMs;
  return merged as T;
}
