import type { RedisClient } from "./redis-client.ts";

/** How often a connection shows that it lives. */
const PING_EVERY_MS = 60_000;

interface Listener {
  /** The channel that is there from the beginning. */
  readonly channel: string;
  onMessage(channel: string, message: string): void;
  /** Called when all channels are heard, and again after each loss of the connection. */
  onListening(): void;
}

/** A connection that hears channels. */
export class Subscription {
  readonly #client: RedisClient;
  readonly #listener: Listener;
  readonly #channels = new Set<string>();
  readonly #ping: NodeJS.Timeout;
  readonly #onMessage: (channel: string, message: string) => void;
  readonly #onReady: () => void;
  #isListening = false;
  #isOver = false;

  constructor(client: RedisClient, listener: Listener) {
    this.#client = client;
    this.#listener = listener;
    this.#channels.add(listener.channel);
    this.#onMessage = (channel, message) => {
      if (this.#channels.has(channel)) listener.onMessage(channel, message);
    };
    this.#onReady = () => void this.#subscribe();
    client.on("message", this.#onMessage);
    if (client.isCluster === true) {
      // The cluster's client subscribes again by itself when its node is gone.
      client.on("+subscriber", this.#onReady);
      void this.#subscribe();
    } else {
      client.on("ready", this.#onReady);
      client.on("close", () => {
        this.#isListening = false;
      });
      // Its failure is told as an error event, and it is tried again.
      (client as unknown as { connect(): Promise<void> }).connect().catch(() => undefined);
    }
    this.#ping = setInterval(() => {
      if (client.isCluster === true || !this.#isListening) return;
      client.ping().catch(() => client.disconnect(true));
    }, PING_EVERY_MS).unref();
  }

  /** Whether all that is said is heard. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Hears one more channel, and says when. */
  join(channel: string, onHeard: () => void): void {
    this.#channels.add(channel);
    if (this.#isListening) this.#client.subscribe(channel).then(onHeard, () => undefined);
  }

  leave(channel: string): void {
    this.#channels.delete(channel);
    if (this.#isListening && !this.#isOver) this.#client.unsubscribe(channel).catch(() => undefined);
  }

  end(): void {
    this.#isOver = true;
    this.#isListening = false;
    clearInterval(this.#ping);
    this.#client.off("message", this.#onMessage);
    if (this.#client.isCluster === true) {
      this.#client.off("+subscriber", this.#onReady);
      this.#client.unsubscribe(...this.#channels).catch(() => undefined);
    } else this.#client.disconnect();
  }

  async #subscribe(): Promise<void> {
    if (this.#isOver) return;
    try {
      await this.#client.subscribe(...this.#channels);
    } catch {
      // Made again after the next connection.
      return;
    }
    if (this.#isOver) return;
    this.#isListening = true;
    this.#listener.onListening();
  }
}
