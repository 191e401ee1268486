import type { RedisClient } from "./redis-client.ts";
import { pauseBefore } from "./retry-pause.ts";

/** How often a connection shows that it lives. */
const PING_EVERY_MS = 60_000;

interface Listener {
  /** The channel that is there from the beginning. */
  readonly channel: string;
  /** A connection that is not made yet, and not made again by itself; null while nobody knows where to. */
  connect(): RedisClient | null;
  onMessage(channel: string, message: string): void;
  /** Called when all channels are heard, and again after each loss of the connection. */
  onListening(): void;
}

/** Hears channels on a connection of its own, or after its loss on another one: of a cluster perhaps to another node. */
export class Subscription {
  readonly #listener: Listener;
  readonly #channels = new Set<string>();
  readonly #ping: NodeJS.Timeout;
  #client: RedisClient | null = null;
  #again: NodeJS.Timeout | null = null;
  #losses = 0;
  #isListening = false;
  #isOver = false;

  constructor(listener: Listener) {
    this.#listener = listener;
    this.#channels.add(listener.channel);
    this.#ping = setInterval(() => {
      const client = this.#client;
      if (this.#isListening) client?.ping().catch(() => client.disconnect());
    }, PING_EVERY_MS).unref();
    this.#connect();
  }

  /** Whether all that is said is heard. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Hears one more channel, and says when. */
  join(channel: string, onHeard: () => void): void {
    this.#channels.add(channel);
    if (this.#isListening) this.#client?.subscribe(channel).then(onHeard, () => undefined);
  }

  leave(channel: string): void {
    this.#channels.delete(channel);
    // A connection that fails hears it no more either.
    if (this.#isListening) this.#client?.unsubscribe(channel).catch(() => undefined);
  }

  end(): void {
    this.#isOver = true;
    this.#isListening = false;
    clearInterval(this.#ping);
    if (this.#again !== null) clearTimeout(this.#again);
    this.#client?.disconnect();
  }

  #connect(): void {
    this.#again = null;
    const client = this.#listener.connect();
    this.#client = client;
    if (client === null) {
      this.#connectLater();
      return;
    }
    client.on("message", (channel: string, message: string) => {
      if (!this.#isOver && this.#channels.has(channel)) this.#listener.onMessage(channel, message);
    });
    client.on("end", () => {
      this.#isListening = false;
      this.#connectLater();
    });
    // Where it fails, the connection ends.
    (client as unknown as { connect(): Promise<void> }).connect().then(
      () => this.#subscribe(client),
      () => undefined,
    );
  }

  #connectLater(): void {
    if (this.#isOver || this.#again !== null) return;
    this.#again = setTimeout(() => this.#connect(), pauseBefore(this.#losses++)).unref();
  }

  async #subscribe(client: RedisClient): Promise<void> {
    try {
      await client.subscribe(...this.#channels);
    } catch {
      client.disconnect();
      return;
    }
    if (this.#isOver) return;
    this.#losses = 0;
    this.#isListening = true;
    this.#listener.onListening();
  }
}
