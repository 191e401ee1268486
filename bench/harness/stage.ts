import { RemoteActor } from "./remote-actor.ts";
import type { ScratchFolder } from "./scratch-folder.ts";
import type { Subject } from "./subject.ts";

/** What one measurement has to play on: a fresh store of one subject, and processes that open it. */
export class Stage {
  readonly #suite: string;
  readonly #subject: Subject;
  readonly #address: string;
  readonly #profiles: string | null;
  readonly #actors: Promise<RemoteActor>[] = [];

  private constructor(options: StageOptions, address: string) {
    this.#suite = options.suite;
    this.#subject = options.subject;
    const isOurs = !options.subject.isFloor && options.subject.isPeer !== true;
    this.#profiles = isOurs ? options.profiles : null;
    this.#address = address;
  }

  /** Makes a store, lets `use` measure on it, and takes everything down again; fails when it takes too long. */
  static async use<T>(options: StageOptions, use: (stage: Stage) => Promise<T>): Promise<T> {
    const folder = options.scratch.make();
    try {
      const address = await options.subject.createStore(folder);
      const stage = new Stage(options, address);
      try {
        return await inTime(use(stage), options.withinMs);
      } finally {
        // One that did not start has nothing to end, and one that is still starting is waited for.
        const started = await Promise.allSettled(stage.#actors);
        await Promise.all(
          started.map((start) => (start.status === "fulfilled" ? start.value.end() : undefined)),
        );
        await options.subject.removeStore?.(address);
      }
    } finally {
      options.scratch.remove(folder);
    }
  }

  /** Starts a process; where the store lives in one process, everybody gets that one. */
  async process(): Promise<RemoteActor> {
    const only = this.#actors[0];
    if (!this.#subject.isShared && only !== undefined) return only;
    const actor = RemoteActor.start({
      suite: this.#suite,
      subject: this.#subject.name,
      address: this.#address,
      profiles: this.#profiles,
    });
    this.#actors.push(actor);
    return actor;
  }
}

export interface StageOptions {
  readonly suite: string;
  readonly subject: Subject;
  readonly scratch: ScratchFolder;
  readonly profiles: string | null;
  readonly withinMs: number;
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${ms / 1_000} s.`)), ms);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
