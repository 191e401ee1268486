import type { PgPool } from "./pool-connection.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** A client of `pg` that has been told to LISTEN. */
interface ListeningClient {
  query(query: { readonly text: string }): Promise<unknown>;
  on(event: "notification", handle: (message: { readonly payload?: string }) => void): unknown;
  on(event: "error" | "end", handle: () => void): unknown;
  removeAllListeners?(event: string): unknown;
  unref?(): void;
  release(isBroken: boolean): void;
}

/** One connection that listens on a channel, made again whenever it breaks, until it is closed. */
export class ListenConnection {
  readonly #pool: () => Promise<PgPool>;
  readonly #channel: string;
  readonly #handle: { readonly onMessage: (payload: string) => void; readonly onListening: () => void };
  #client: ListeningClient | null = null;
  #isWanted = false;
  #isConnecting = false;
  #pauseMs = FIRST_PAUSE_MS;
  #retry: NodeJS.Timeout | null = null;

  constructor(
    pool: () => Promise<PgPool>,
    channel: string,
    handle: {
      readonly onMessage: (payload: string) => void;
      /** Called at each beginning: what was said before it has been missed. */
      readonly onListening: () => void;
    },
  ) {
    this.#pool = pool;
    this.#channel = channel;
    this.#handle = handle;
  }

  /** Whether messages arrive. */
  get isListening(): boolean {
    return this.#client !== null;
  }

  /** Begins to listen; nothing happens when it does already. */
  start(): void {
    this.#isWanted = true;
    if (this.#client === null && !this.#isConnecting && this.#retry === null) void this.#connect();
  }

  /** Ends the connection. */
  stop(): void {
    this.#isWanted = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const client = this.#client;
    this.#client = null;
    client?.release(true);
  }

  async #connect(): Promise<void> {
    this.#isConnecting = true;
    let client: ListeningClient | null = null;
    try {
      client = (await (await this.#pool()).connect()) as unknown as ListeningClient;
      const mine = client;
      const lose = () => this.#lose(mine);
      client.on("notification", ({ payload = "" }) => this.#handle.onMessage(payload));
      client.on("error", lose);
      client.on("end", lose);
      await client.query({ text: `LISTEN "${this.#channel}"` });
      // A process with nothing else to do may end.
      client.unref?.();
      this.#isConnecting = false;
      if (!this.#isWanted) {
        client.release(true);
        return;
      }
      this.#client = client;
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#handle.onListening();
    } catch {
      // Who watches polls meanwhile, and is told by its own operations what is wrong.
      this.#isConnecting = false;
      client?.release(true);
      this.#tryAgain();
    }
  }

  #lose(client: ListeningClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.release(true);
    this.#tryAgain();
  }

  #tryAgain(): void {
    if (!this.#isWanted || this.#retry !== null) return;
    this.#retry = setTimeout(
      () => {
        this.#retry = null;
        if (this.#isWanted) void this.#connect();
      },
      this.#pauseMs * (0.5 + Math.random()),
    ).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
