import type { Lease } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  DAY,
  failure,
  LEASE,
  leaseOf,
  newTask,
  newTasks,
  retryAt,
  START,
  type StoreUnderTest,
  success,
} from "./store-under-test.ts";
import { countWakes, type WakeCounter } from "./wake-counter.ts";

/** A path that no worker here asks for. */
const ASIDE = "aside";

/** Watches for work in queues; the watch is proven by tasks that nobody here claims. */
async function watchReady(
  store: StoreUnderTest,
  queues: readonly string[] | "all",
  queue = "default",
): Promise<WakeCounter> {
  const wakes = countWakes((wake) => store.wakeups.watchReady({ queues, wake }));
  await wakes.establish(() => store.addOne({ path: ASIDE, queue }));
  return wakes;
}

function watchResult(store: StoreUnderTest, id: string): WakeCounter {
  return countWakes((wake) => store.wakeups.watchResult({ id, wake }));
}

/** Watches the result of a RUNNING one; the watch is proven by progress. */
async function watchRunning(store: StoreUnderTest, held: Lease): Promise<WakeCounter> {
  const wakes = watchResult(store, held.id);
  await wakes.establish(() => progress(store, held));
  return wakes;
}

/** Proves the watch of a READY one by cancelling it and putting it back in line. */
function establishReady(store: StoreUnderTest, wakes: WakeCounter, id: string): Promise<void> {
  return wakes.establish(async () => {
    await store.backend.store.cancel({ id, now: START });
    await store.backend.store.requeue({ id, runAfter: START, rank: START, now: START });
  });
}

async function progress(store: StoreUnderTest, held: Lease, text = "0"): Promise<void> {
  const items = [{ lease: leaseOf(held), progress: text }];
  expect(await store.leases.progress({ items, now: START })).toEqual(["applied"]);
}

/** Waits until the wakes of what was done so far are over. */
async function quietAll(watches: readonly WakeCounter[]): Promise<void> {
  await Promise.all(watches.map((wakes) => wakes.quiet()));
}

/** Is woken until a worker finds something to claim. */
async function expectClaimable(store: StoreUnderTest, wakes: WakeCounter, now = START): Promise<void> {
  await wakes.until(async () => (await store.claimIds({ workerId: "woken", now })).length > 0);
  wakes.stop();
}

/** Is woken until the task result has ended. */
async function expectEnd(store: StoreUnderTest, wakes: WakeCounter, id: string): Promise<void> {
  await wakes.until(async () => (await store.record(id)).finishedAt !== null);
  wakes.stop();
}

export const wakeupsSection: ConformanceSection = {
  title: "wake-ups",
  rows: ["cancel"],
  cases: [
    {
      name: "an enqueue wakes the watchers of its queue and those of all queues",
      needs: ["wakeups"],
      run: async (store) => {
        const watches = [
          await watchReady(store, ["emails"], "emails"),
          await watchReady(store, ["other", "emails"], "emails"),
          await watchReady(store, "all", "emails"),
        ];
        await quietAll(watches);
        await store.addOne({ queue: "emails" });
        for (const wakes of watches) {
          await wakes.next();
          wakes.stop();
        }
      },
    },
    {
      name: "a worker that looks at every wake misses nothing that comes after its watch",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const wakes = countWakes((wake) => store.wakeups.watchReady({ queues: ["default"], wake }));
        // The first wave comes while the watch may be under way, the second one to a watch that is there.
        for (let wave = 0; wave < 2; wave++) {
          const ids = new Set(newTasks(30).map(({ id }) => id));
          const seen: string[] = [];
          const adding = [...ids].map((id) => store.addOne({ id }));
          await wakes.until(async () => {
            let page: string[];
            do {
              page = await store.claimIds({ limit: 7 });
              seen.push(...page);
            } while (page.length > 0);
            return seen.length >= ids.size;
          });
          await Promise.all(adding);
          expect(new Set(seen)).toEqual(ids);
          await wakes.quiet();
        }
        wakes.stop();
      },
    },
    {
      name: "a release, a retry that is due and a retry by hand wake workers",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const released = leaseOf(await store.addClaimed());
        let wakes = await watchReady(store, ["default"]);
        await store.leases.release({ items: [{ lease: released, started: true, when: "now" }], now: START });
        await expectClaimable(store, wakes);

        const retried = await store.addClaimed();
        wakes = await watchReady(store, ["default"]);
        await store.settle(retried, retryAt(START));
        await expectClaimable(store, wakes);

        const failed = await store.addFinished("FAILED");
        wakes = await watchReady(store, ["default"]);
        await store.backend.store.requeue({ id: failed, runAfter: START, rank: START, now: START });
        await expectClaimable(store, wakes);
      },
    },
    {
      name: "a sweep that returns a lost task result wakes workers",
      needs: ["wakeups", "leases", "maintenance"],
      run: async (store) => {
        await store.addClaimed();
        const wakes = await watchReady(store, "all");
        await store.sweep(START + LEASE);
        await expectClaimable(store, wakes, START + LEASE);
      },
    },
    {
      name: "each kind of end wakes those who wait for the result",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        for (const settlement of [success("1"), failure(), { status: "CANCELLED", error: null } as const]) {
          const lease = await store.addClaimed();
          const wakes = await watchRunning(store, lease);
          await store.settle(lease, settlement);
          await expectEnd(store, wakes, lease.id);
        }
      },
    },
    {
      name: "a cancel of a waiting task wakes those who wait for its result",
      needs: ["wakeups"],
      run: async (store) => {
        const id = await store.addOne();
        const wakes = watchResult(store, id);
        await establishReady(store, wakes, id);
        await store.backend.store.cancel({ id, now: START });
        await expectEnd(store, wakes, id);
      },
    },
    {
      name: "a sweep that ends a task result wakes those who wait for it",
      needs: ["wakeups", "leases", "maintenance"],
      run: async (store) => {
        const lost = await store.addClaimed();
        let wakes = await watchRunning(store, lost);
        await store.sweep(START + LEASE, { maxLostAttempts: 1 });
        await expectEnd(store, wakes, lost.id);

        const id = await store.addOne({ expiresAt: START + DAY });
        wakes = watchResult(store, id);
        await wakes.establish(async () => {
          const held = await store.claimOne({ id });
          await progress(store, held);
          const items = [{ lease: leaseOf(held), started: false, when: "now" }] as const;
          await store.leases.release({ items, now: START });
        });
        await store.sweep(START + DAY);
        await expectEnd(store, wakes, id);
      },
    },
    {
      name: "progress wakes those who watch the result",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const wakes = await watchRunning(store, lease);
        await progress(store, lease, "0.5");
        await wakes.until(async () => (await store.record(lease.id)).progress === "0.5");
        wakes.stop();
      },
    },
    {
      name: "every one of a hundred watchers of one result is woken",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const watches = Array.from({ length: 100 }, () => watchResult(store, lease.id));
        await Promise.all(watches.map((wakes) => wakes.establish(() => progress(store, lease))));
        await quietAll(watches);
        await store.settle(lease, success());
        await Promise.all(watches.map((wakes) => expectEnd(store, wakes, lease.id)));
      },
    },
    {
      name: "a cancel of a RUNNING task result wakes the worker that runs it",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed({}, { workerId: "busy" }));
        const wakes = countWakes((wake) => store.wakeups.watchCancels({ workerId: "busy", wake }));
        await wakes.establish(async () => {
          const { id } = await store.addClaimed({}, { workerId: "busy" });
          await store.backend.store.cancel({ id, now: START });
        });
        await store.backend.store.cancel({ id: lease.id, now: START });
        await wakes.until(async () => {
          const [renewed] = await store.leases.renew({ items: [{ lease, duration: LEASE }], now: START });
          return renewed?.outcome === "renewed" && renewed.cancelRequested;
        });
        wakes.stop();
      },
    },
    {
      name: "a watch that was stopped, once or twice, wakes no more, and others go on",
      needs: ["wakeups"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const cancels = countWakes((wake) => store.wakeups.watchCancels({ workerId: "worker-1", wake }));
        await cancels.establish(async () => {
          const { id } = await store.addClaimed();
          await store.backend.store.cancel({ id, now: START });
        });
        const stopped = [await watchReady(store, "all"), await watchRunning(store, lease), cancels];
        const going = await watchReady(store, "all");
        await quietAll([...stopped, going]);
        for (const wakes of stopped) {
          wakes.stop();
          wakes.stop();
        }
        const counts = stopped.map(({ count }) => count);
        for (let round = 0; round < 2; round++) {
          await store.backend.store.cancel({ id: lease.id, now: START });
          await progress(store, lease);
          await store.addOne();
          // Once this is woken again and quiet, the others would have been.
          await going.next();
          await going.quiet();
        }
        going.stop();
        expect(stopped.map(({ count }) => count)).toEqual(counts);
      },
    },
    {
      name: "results that nobody has stored yet may be watched",
      needs: ["wakeups"],
      run: async (store) => {
        const task = newTask();
        const wakes = watchResult(store, task.id);
        await store.addAll([task]);
        await establishReady(store, wakes, task.id);
        await store.backend.store.cancel({ id: task.id, now: START });
        await expectEnd(store, wakes, task.id);
      },
    },
  ],
};
