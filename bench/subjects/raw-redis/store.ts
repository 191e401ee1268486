import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import type { TaskCounts } from "../../harness/subject.ts";
import type { BenchInput } from "../contract.ts";
import { OrderedIds } from "../ordered-ids.ts";

const PREFIX = "{floor}:";
const PRIORITIES = `${PREFIX}priorities`;
const WAKE = `${PREFIX}wake`;
const LEASES = `${PREFIX}leases`;
const FINISHED = `${PREFIX}finished`;
const PRIORITY = 0;
const HEAD_START_MS = 30_000;
const LEASE_MS = 60_000;
const KEEP_MS = 7 * 24 * 3_600_000;

const ENQUEUE = scriptOf("enqueue.lua");
const FINISH_AND_CLAIM = scriptOf("finish-and-claim.lua");

function scriptOf(file: string): string {
  return readFileSync(new URL(file, import.meta.url), "utf8");
}

/** A task that is claimed: where it is, and its input as text. */
export interface ClaimedTask {
  readonly id: string;
  readonly priority: string;
  readonly entry: string;
  readonly input: string;
}

/** What has been run under one lease: tasks and, in the same order, their outputs as text. */
export interface Finished {
  readonly token: string;
  readonly tasks: readonly ClaimedTask[];
  readonly outputs: readonly string[];
}

/** The facts of a task come before its input in the record, and have no line break in them. */
function factsOf(input: BenchInput, now: number): string {
  const facts = `{"path":"sendEmail","queue":"default","priority":${PRIORITY},"enqueuedAt":${now},"runAfter":${now},"maxRetries":3}`;
  return `${facts}\n${JSON.stringify(input)}`;
}

/** The scripts that the work needs at the least, each one round trip. */
export class RawStore {
  readonly #redis: Redis;
  readonly #shas: { readonly enqueue: string; readonly finishAndClaim: string };
  readonly #ids = new OrderedIds();
  readonly #workerId = `floor-${process.pid}`;

  private constructor(redis: Redis, shas: { enqueue: string; finishAndClaim: string }) {
    this.#redis = redis;
    this.#shas = shas;
  }

  static async open(url: string): Promise<RawStore> {
    const redis = new Redis(url);
    const load = async (script: string) => String(await redis.script("LOAD", script));
    return new RawStore(redis, {
      enqueue: await load(ENQUEUE),
      finishAndClaim: await load(FINISH_AND_CLAIM),
    });
  }

  /** Stores tasks, and wakes a worker if one waits. */
  async insert(inputs: readonly BenchInput[]): Promise<void> {
    const now = Date.now();
    const args: (string | number)[] = [PREFIX, PRIORITY, now - HEAD_START_MS * PRIORITY];
    for (const input of inputs) args.push(this.#ids.next(now), factsOf(input, now));
    await this.#redis.evalsha(this.#shas.enqueue, 2, PRIORITIES, WAKE, ...args);
  }

  /** Ends what still has its lease, and claims the first in line, in order. */
  async finishAndClaim(finished: Finished, token: string, limit: number): Promise<readonly ClaimedTask[]> {
    const now = Date.now();
    const args: (string | number)[] = [
      PREFIX,
      now,
      now + LEASE_MS,
      KEEP_MS,
      this.#workerId,
      finished.token,
      token,
      limit,
    ];
    finished.tasks.forEach(({ id, priority, entry }, index) => {
      args.push(id, priority, entry, finished.outputs[index] ?? "");
    });
    const { finishAndClaim } = this.#shas;
    const texts = (await this.#redis.evalsha(
      finishAndClaim,
      3,
      PRIORITIES,
      LEASES,
      FINISHED,
      ...args,
    )) as readonly string[];
    return Array.from({ length: texts.length / 4 }, (_, index) => {
      const [id = "", priority = "", entry = "", facts = ""] = texts.slice(4 * index, 4 * index + 4);
      return { id, priority, entry, input: facts.slice(facts.indexOf("\n") + 1) };
    });
  }

  /** A connection of its own to wait on: `token` resolves when tasks have come. */
  waiter(): { readonly token: () => Promise<unknown>; readonly close: () => void } {
    const redis = this.#redis.duplicate({ maxRetriesPerRequest: null });
    return { token: () => redis.brpop(WAKE, 0), close: () => redis.disconnect() };
  }

  async count(): Promise<TaskCounts> {
    const stream = `${PREFIX}ready:${PRIORITY}`;
    const [kept, running, successful] = await Promise.all([
      this.#redis.xlen(stream),
      this.#redis.zcard(LEASES),
      this.#redis.zcard(FINISHED),
    ]);
    return { ready: kept - running, successful };
  }

  close(): void {
    this.#redis.disconnect();
  }
}
