import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const LONGEST_END_MS = 2_000;

/** A way to a server that can be cut. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isHolding = false;
  #heldBytes = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Opens a port on this machine that leads to the given one. */
  static async open(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer((near) => {
      const far = connect(target);
      proxy.#join(near, far);
      proxy.#join(far, near);
      far.on("data", (data) => proxy.#answer(near, data));
      near.pipe(far);
    });
    const proxy = new TcpProxy(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    server.unref();
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * Lets nobody connect any more, and what is connected end by itself, for two seconds at most.
   *
   * A pool that is closed may still be connecting, and has nobody to tell when that is broken.
   */
  async close(): Promise<void> {
    this.#server.close();
    const ended = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    const patience = new AbortController();
    await Promise.race([
      Promise.all(ended),
      pause(LONGEST_END_MS, undefined, { ref: false, signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    this.cut();
  }

  /** Breaks what is connected and lets nobody connect any more. */
  cut(): void {
    this.#server.close();
    this.breakConnections();
  }

  /** Lets nothing that the server answers through, until {@link breakConnections}. */
  holdAnswers(): void {
    this.#isHolding = true;
    this.#heldBytes = 0;
  }

  /** How much has been kept since {@link holdAnswers}. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Breaks what is connected; what connects afterwards is answered. */
  breakConnections(): void {
    this.#isHolding = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    // Small packets that wait for one another's acknowledgement would make every statement take 40 milliseconds.
    from.setNoDelay(true);
    from.unref();
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  #answer(near: Socket, data: Buffer): void {
    if (this.#isHolding) this.#heldBytes += data.length;
    else near.write(data);
  }
}
