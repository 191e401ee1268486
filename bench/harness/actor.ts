import { benchInput } from "../subjects/contract.ts";
import type { ActorOperations, MemoryUse, Observed, Span, Work } from "./actor-operations.ts";
import { BacklogProducer } from "./backlog-producer.ts";
import { machineTime, pause } from "./clock.ts";
import { profiled } from "./cpu-profile.ts";
import type { OpenSubject, Subject } from "./subject.ts";

const PER_FILL_CALL = 1_000;
const SINGLES_IN_FLIGHT = 100;

/** What this process has spent, and how far it has come. */
interface Mark {
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly tasks: number;
  readonly serverCpuMs: number | null;
}

/** A child process's hands: does with its store what the benchmark tells it to. */
export class Actor implements ActorOperations {
  readonly #subject: OpenSubject;
  readonly #profiles: string | null;
  readonly #latencies: number[];
  readonly #started: { count: number };
  #enqueued = 0;
  #worker: { stop(): Promise<void> } | null = null;
  #backlog: BacklogProducer | null = null;

  private constructor(
    subject: OpenSubject,
    parts: { latencies: number[]; started: { count: number }; profiles: string | null },
  ) {
    this.#subject = subject;
    this.#latencies = parts.latencies;
    this.#started = parts.started;
    this.#profiles = parts.profiles;
  }

  static async open(subject: Subject, address: string, profiles: string | null): Promise<Actor> {
    const latencies: number[] = [];
    const started = { count: 0 };
    const opened = await subject.open(address, ({ sentAt }) => {
      started.count++;
      if (sentAt !== 0) latencies.push(machineTime() - sentAt);
    });
    return new Actor(opened, { latencies, started, profiles });
  }

  enqueueFor({ inFlight, ...span }: Span & { inFlight: number }): Promise<Work> {
    return this.#workFor(span, "enqueue", async (isOver) => {
      const lane = async () => {
        while (!isOver()) {
          await this.#subject.enqueue(benchInput(this.#enqueued));
          this.#enqueued++;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, lane));
    });
  }

  enqueueManyFor({ perCall, ...span }: Span & { perCall: number }): Promise<Work> {
    return this.#workFor(span, "enqueue-many", async (isOver) => {
      while (!isOver()) await this.#enqueueMany(perCall);
    });
  }

  async fill({ count }: { count: number }): Promise<void> {
    for (let left = count; left > 0; left -= PER_FILL_CALL)
      await this.#enqueueMany(Math.min(left, PER_FILL_CALL));
  }

  async fillSingly({ count }: { count: number }): Promise<void> {
    const last = this.#enqueued + count;
    const lane = async () => {
      while (this.#enqueued < last) await this.#subject.enqueue(benchInput(this.#enqueued++));
    };
    await Promise.all(Array.from({ length: SINGLES_IN_FLIGHT }, lane));
  }

  async drain(): Promise<Work> {
    return profiled(this.#profiles, "drain", async () => {
      const before = await this.#begin(() => this.#started.count);
      await this.#subject.drain();
      return this.#workSince(before, this.#started.count);
    });
  }

  async startWorker(): Promise<void> {
    this.#worker = await this.#subject.startWorker();
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = null;
  }

  async ran(): Promise<number> {
    return this.#started.count;
  }

  async observe({ warmUpMs, ms }: Span): Promise<Observed> {
    await pause(warmUpMs);
    return profiled(this.#profiles, "observe", async () => {
      const sent = await this.#subject.statements?.();
      const before = await this.#begin(() => this.#started.count);
      await pause(ms);
      const work = await this.#workSince(before, this.#started.count);
      const statements = sent === undefined ? null : ((await this.#subject.statements?.()) ?? sent) - sent;
      return { ...work, rss: process.memoryUsage.rss(), statements };
    });
  }

  async holdBacklog({ target, waiting }: { target: number; waiting: number }): Promise<void> {
    this.#backlog = new BacklogProducer({ target, waiting }, (count) => this.#enqueueMany(count));
  }

  async noteRan({ ran }: { ran: number }): Promise<void> {
    this.#backlog?.noteRan(ran);
  }

  async endBacklog(): Promise<{ fewestWaiting: number }> {
    const fewestWaiting = (await this.#backlog?.end()) ?? 0;
    this.#backlog = null;
    return { fewestWaiting };
  }

  async sendSamples(request: { count: number; pauseMs: readonly [number, number] }): Promise<void> {
    const [least, most] = request.pauseMs;
    for (let sample = 0; sample < request.count; sample++) {
      await pause(least + Math.random() * (most - least));
      await this.#subject.enqueue(benchInput(this.#enqueued++, machineTime()));
    }
  }

  async takeLatencies(): Promise<readonly number[]> {
    return this.#latencies.splice(0);
  }

  async memoryUse(): Promise<MemoryUse> {
    // Twice: what a finalizer of the first round lets go is collected by the second.
    for (let round = 0; round < 2; round++) {
      globalThis.gc?.();
      await pause(10);
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  }

  counts(): Promise<{ ready: number; successful: number }> {
    return this.#subject.counts();
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.#subject.close();
  }

  async #enqueueMany(count: number): Promise<void> {
    // A store that answers without waiting for anything would never let a timer fire.
    await new Promise(setImmediate);
    await this.#subject.enqueueMany(
      Array.from({ length: count }, (_, index) => benchInput(this.#enqueued + index)),
    );
    this.#enqueued += count;
  }

  /** Lets `work` run for a warm-up and then, without a stop in between, for the span that is measured. */
  async #workFor(
    { warmUpMs, ms }: Span,
    name: string,
    work: (isOver: () => boolean) => Promise<void>,
  ): Promise<Work> {
    let isOver = false;
    const done = work(() => isOver);
    try {
      await Promise.race([pause(warmUpMs), done]);
      return await profiled(this.#profiles, name, async () => {
        const before = await this.#begin(() => this.#enqueued);
        await Promise.race([pause(ms), done]);
        return this.#workSince(before, this.#enqueued);
      });
    } finally {
      isOver = true;
      await done;
    }
  }

  async #begin(tasks: () => number): Promise<Mark> {
    const serverCpuMs = await this.#serverCpuMs();
    return { at: machineTime(), cpu: process.cpuUsage(), tasks: tasks(), serverCpuMs };
  }

  async #workSince(before: Mark, tasks: number): Promise<Work> {
    const ms = machineTime() - before.at;
    const { user, system } = process.cpuUsage(before.cpu);
    const server = await this.#serverCpuMs();
    return {
      tasks: tasks - before.tasks,
      ms,
      cpuMs: (user + system) / 1_000,
      serverCpuMs: server === null || before.serverCpuMs === null ? null : server - before.serverCpuMs,
    };
  }

  async #serverCpuMs(): Promise<number | null> {
    return (await this.#subject.serverCpuMs?.()) ?? null;
  }
}
