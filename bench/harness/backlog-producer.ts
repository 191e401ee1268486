import { pause } from "./clock.ts";

const PER_CALL = 1_000;
const LOOK_EVERY_MS = 2;

/** Enqueues in bulk whenever too few tasks wait; it is told what has been run instead of counting in the store. */
export class BacklogProducer {
  readonly #target: number;
  readonly #enqueueMany: (count: number) => Promise<void>;
  readonly #ended: Promise<void>;
  #enqueued: number;
  #ran = 0;
  #fewestWaiting = Number.POSITIVE_INFINITY;
  #isEnding = false;

  constructor(
    backlog: { readonly target: number; readonly waiting: number },
    enqueueMany: (count: number) => Promise<void>,
  ) {
    this.#target = backlog.target;
    this.#enqueued = backlog.waiting;
    this.#enqueueMany = enqueueMany;
    this.#ended = this.#run();
    // Its failure is thrown by end(); until then it must not count as unhandled.
    this.#ended.catch(() => undefined);
  }

  noteRan(ran: number): void {
    this.#ran = ran;
    this.#fewestWaiting = Math.min(this.#fewestWaiting, this.#enqueued - ran);
  }

  /** Stops; answers the fewest tasks that have waited. */
  async end(): Promise<number> {
    this.#isEnding = true;
    await this.#ended;
    return this.#fewestWaiting;
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      if (this.#enqueued - this.#ran >= this.#target) await pause(LOOK_EVERY_MS);
      else {
        await this.#enqueueMany(PER_CALL);
        this.#enqueued += PER_CALL;
      }
    }
  }
}
