/** Work that was done in a span of time, and the processor time that this process and the store's server spent on it. */
export interface Work {
  readonly tasks: number;
  readonly ms: number;
  readonly cpuMs: number;
  /** What the store's server spent meanwhile, whoever asked it; null where it is not known. */
  readonly serverCpuMs: number | null;
}

/** What a process did and cost in a span in which nobody told it anything. */
export interface Observed extends Work {
  readonly rss: number;
  /** Sent to the store's server; null where there is none. */
  readonly statements: number | null;
}

/** A span to be measured after a warm-up. */
export interface Span {
  readonly warmUpMs: number;
  readonly ms: number;
}

/** This process's memory after a garbage collection, in bytes. */
export interface MemoryUse {
  readonly rss: number;
  readonly heap: number;
}

/**
 * What a child process of the benchmark can be told to do with its store.
 *
 * One process may act as producer, as worker, or as both.
 */
export interface ActorOperations {
  /** Enqueues single tasks, `inFlight` at a time, for a span. */
  enqueueFor(request: Span & { readonly inFlight: number }): Promise<Work>;
  /** Enqueues `perCall` tasks with each call, one call at a time, for a span. */
  enqueueManyFor(request: Span & { readonly perCall: number }): Promise<Work>;
  /** Enqueues `count` tasks in bulk. */
  fill(request: { readonly count: number }): Promise<void>;
  /** Enqueues `count` tasks by single calls, 100 in flight. */
  fillSingly(request: { readonly count: number }): Promise<void>;
  /** Runs everything that is due. */
  drain(request: Record<string, never>): Promise<Work>;
  startWorker(request: Record<string, never>): Promise<void>;
  stopWorker(request: Record<string, never>): Promise<void>;
  /** How many handlers have started in this process. */
  ran(request: Record<string, never>): Promise<number>;
  /** Counts what runs here during a span, and what it costs. */
  observe(request: Span): Promise<Observed>;
  /** Begins to enqueue in bulk whenever fewer than `target` tasks wait; `waiting` is how many do already. */
  holdBacklog(request: { readonly target: number; readonly waiting: number }): Promise<void>;
  /** Tells the producer of a backlog how many tasks have been run. */
  noteRan(request: { readonly ran: number }): Promise<void>;
  /** Ends the backlog; answers the fewest tasks that waited since `noteRan` was last told something new. */
  endBacklog(request: Record<string, never>): Promise<{ readonly fewestWaiting: number }>;
  /** Enqueues one task after the other, with random pauses in which the worker falls idle. */
  sendSamples(request: {
    readonly count: number;
    readonly pauseMs: readonly [number, number];
  }): Promise<void>;
  /** Forgets and answers how long each task took from the call of `delay()` to the start of its handler, in milliseconds. */
  takeLatencies(request: Record<string, never>): Promise<readonly number[]>;
  memoryUse(request: Record<string, never>): Promise<MemoryUse>;
  counts(request: Record<string, never>): Promise<{ readonly ready: number; readonly successful: number }>;
  close(request: Record<string, never>): Promise<void>;
}

export type OperationName = keyof ActorOperations;

/** What the parent sends. */
export interface ActorRequest {
  readonly serial: number;
  readonly operation: OperationName;
  readonly request: unknown;
}

/** What the child answers; the first one, with serial 0, says that its store is open. */
export interface ActorAnswer {
  readonly serial: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** What a child is started with, as JSON in its first argument. */
export interface ActorStart {
  readonly suite: string;
  readonly subject: string;
  readonly address: string;
  /** Where to write CPU profiles of what is measured, or null for none. */
  readonly profiles: string | null;
}
