import type {
  ClaimAnswer,
  ClaimedTask,
  ClaimRequest,
  Lease,
  LeaseSource,
  SettleOutcome,
  SettleRequest,
  TaskStore,
} from "../backend/index.ts";
import type { FaultScript } from "./fault-script.ts";

const LOST = { outcome: "lease-lost" } as const;

function isOf({ tasks, queues, id }: ClaimRequest, claimed: ClaimedTask): boolean {
  if (id !== undefined && id !== claimed.id) return false;
  return (
    tasks.some(({ path }) => path === claimed.path) && (queues === "all" || queues.includes(claimed.queue))
  );
}

/** Leases whose holders die, and tasks that are handed out twice. */
export class FaultyLeases implements LeaseSource {
  readonly #leases: LeaseSource;
  readonly #store: TaskStore;
  readonly #script: FaultScript;
  /** What is to be handed out again. */
  #again: ClaimedTask[] = [];
  /** The tokens of workers that died after a run; the store is not to hear from them. */
  readonly #dead = new Set<string>();

  constructor(leases: LeaseSource, store: TaskStore, script: FaultScript) {
    this.#leases = leases;
    this.#store = store;
    this.#script = script;
  }

  async claim(request: ClaimRequest): Promise<ClaimAnswer> {
    const again = this.#again.filter((claimed) => isOf(request, claimed)).slice(0, request.limit);
    if (again.length > 0) {
      this.#again = this.#again.filter((claimed) => !again.includes(claimed));
      return { claimed: again, nextDueAt: request.now };
    }
    for (;;) {
      const answer = await this.#leases.claim(request);
      const paths = answer.claimed.map(({ path }) => path);
      // Who dies has what one claim brought; the next worker gets what comes after that.
      if (this.#script.ofTasks("crashAfterClaim", paths)) continue;
      if (!this.#script.ofTasks("duplicateDelivery", paths)) return answer;
      this.#again.push(...answer.claimed);
      return { ...answer, nextDueAt: request.now };
    }
  }

  begin: LeaseSource["begin"] = ({ items, now }) =>
    this.#living(
      items,
      "lease-lost",
      (lease) => lease,
      (living) => this.#leases.begin({ items: living, now }),
    );

  renew: LeaseSource["renew"] = ({ items, now }) =>
    this.#living(
      items,
      LOST,
      ({ lease }) => lease,
      (living) => this.#leases.renew({ items: living, now }),
    );

  release: LeaseSource["release"] = ({ items, now }) =>
    this.#living(
      items,
      "lease-lost",
      ({ lease }) => lease,
      (living) => this.#leases.release({ items: living, now }),
    );

  progress: LeaseSource["progress"] = ({ items, now }) =>
    this.#living(
      items,
      "lease-lost",
      ({ lease }) => lease,
      (living) => this.#leases.progress({ items: living, now }),
    );

  async settle({ items, now }: SettleRequest): Promise<readonly SettleOutcome[]> {
    if (this.#script.awaits("crashAfterRun")) {
      const records = await this.#store.get({ ids: items.map(({ lease }) => lease.id) });
      for (const [index, { lease }] of items.entries()) {
        const path = records[index]?.path;
        if (path !== undefined && this.#script.ofTasks("crashAfterRun", [path])) this.#dead.add(lease.token);
      }
    }
    return this.#living(
      items,
      LOST,
      ({ lease }) => lease,
      (living) => this.#leases.settle({ items: living, now }),
    );
  }

  /** Asks the store for those that live, and answers the others by itself. */
  async #living<TItem, TOutcome>(
    items: readonly TItem[],
    lost: TOutcome,
    leaseOf: (item: TItem) => Lease,
    ask: (living: readonly TItem[]) => Promise<readonly TOutcome[]>,
  ): Promise<readonly TOutcome[]> {
    const isDead = (item: TItem) => this.#dead.has(leaseOf(item).token);
    const living = items.filter((item) => !isDead(item));
    const outcomes = living.length === 0 ? [] : await ask(living);
    let next = 0;
    return items.map((item) => (isDead(item) ? lost : (outcomes[next++] ?? lost)));
  }
}
