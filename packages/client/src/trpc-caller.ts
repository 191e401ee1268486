/** One event of a subscription. */
export interface TrackedEvent {
  readonly id: string;
  readonly data: unknown;
}

/** Who is told about a subscription. */
export interface EventListeners {
  /** The server has begun to answer. */
  readonly onOpen: () => void;
  readonly onEvent: (event: TrackedEvent) => void;
  /** The server has ended it, or the connection was lost. */
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

/** Calls procedures by their path, below the router of tasks. */
export interface TrpcCaller {
  /** Rejects with what tRPC's client rejects with. */
  call(type: "query" | "mutation", path: string, input: unknown, signal: AbortSignal): Promise<unknown>;
  /** Tells events until it is stopped by what it returns. */
  subscribe(path: string, input: object, listeners: EventListeners): () => void;
}
