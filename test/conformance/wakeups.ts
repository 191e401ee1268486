import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  failure,
  HOUR,
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

function watchReady(store: StoreUnderTest, queues: readonly string[] | "all"): WakeCounter {
  return countWakes((wake) => store.wakeups.watchReady({ queues, wake }));
}

function watchResult(store: StoreUnderTest, id: string): WakeCounter {
  return countWakes((wake) => store.wakeups.watchResult({ id, wake }));
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
          watchReady(store, ["emails"]),
          watchReady(store, ["other", "emails"]),
          watchReady(store, "all"),
        ];
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
        const wakes = watchReady(store, ["default"]);
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
        wakes.stop();
        expect(new Set(seen)).toEqual(ids);
      },
    },
    {
      name: "a release, a retry that is due and a retry by hand wake workers",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const released = leaseOf(await store.addClaimed());
        let wakes = watchReady(store, ["default"]);
        await store.leases.release({ items: [{ lease: released, started: true, when: "now" }], now: START });
        await expectClaimable(store, wakes);

        const retried = await store.addClaimed();
        wakes = watchReady(store, ["default"]);
        await store.settle(retried, retryAt(START));
        await expectClaimable(store, wakes);

        const failed = await store.addFinished("FAILED");
        wakes = watchReady(store, ["default"]);
        await store.backend.store.requeue({ id: failed, runAfter: START, rank: START, now: START });
        await expectClaimable(store, wakes);
      },
    },
    {
      name: "a sweep that returns a lost task result wakes workers",
      needs: ["wakeups", "leases", "maintenance"],
      run: async (store) => {
        await store.addClaimed();
        const wakes = watchReady(store, "all");
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
          const wakes = watchResult(store, lease.id);
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
        await store.backend.store.cancel({ id, now: START });
        await expectEnd(store, wakes, id);
      },
    },
    {
      name: "a sweep that ends a task result wakes those who wait for it",
      needs: ["wakeups", "maintenance"],
      run: async (store) => {
        const id = await store.addOne({ expiresAt: START + 1 });
        const wakes = watchResult(store, id);
        await store.sweep(START + HOUR);
        await expectEnd(store, wakes, id);
      },
    },
    {
      name: "progress wakes those who watch the result",
      needs: ["wakeups", "leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        const wakes = watchResult(store, lease.id);
        await store.leases.progress({ items: [{ lease, progress: "0.5" }], now: START });
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
        const id = await store.addOne();
        const stopped = [
          watchReady(store, "all"),
          watchResult(store, id),
          countWakes((wake) => store.wakeups.watchCancels({ workerId: "worker-1", wake })),
        ];
        const going = watchReady(store, "all");
        for (const wakes of stopped) {
          wakes.stop();
          wakes.stop();
        }
        const counts = stopped.map(({ count }) => count);
        await store.backend.store.cancel({ id, now: START });
        const added = newTask();
        await store.addAll([added]);
        await going.next();
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
        await store.backend.store.cancel({ id: task.id, now: START });
        await expectEnd(store, wakes, task.id);
      },
    },
  ],
};
