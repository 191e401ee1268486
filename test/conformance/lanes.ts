import { performance } from "node:perf_hooks";
import type { NewTask } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { HOUR, LEASE, newTasks, PATH, START, type StoreUnderTest } from "./store-under-test.ts";

const BACKLOG = 100_000;
const QUEUES = 5_000;
const TRIES = 51;
/** Below this a claim is fast whatever it is compared with. */
const FAST_MS = 3;

/** The median time of a claim of one task, in milliseconds. */
async function claimTime(store: StoreUnderTest, queues: readonly string[]): Promise<number> {
  await store.addAll(newTasks(TRIES, () => ({ runAfter: START + 1, queue: "default" })));
  const times: number[] = [];
  for (let index = 0; index < TRIES; index++) {
    const before = performance.now();
    const claimed = await store.claim({ limit: 1, queues, now: START + 1 });
    times.push(performance.now() - before);
    expect(claimed).toHaveLength(1);
  }
  return times.sort((left, right) => left - right)[TRIES >> 1] ?? 0;
}

async function expectSteadyClaims(store: StoreUnderTest, backlog: readonly NewTask[]): Promise<void> {
  await claimTime(store, ["default"]);
  const without = await claimTime(store, ["default"]);
  await store.addAll(backlog);
  const behind = await claimTime(store, ["default"]);
  expect(behind).toBeLessThan(Math.max(FAST_MS, 10 * without));
}

export const lanesSection: ConformanceSection = {
  title: "queues and unknown tasks",
  rows: ["unknown task"],
  cases: [
    {
      name: "a worker claims from its own queues only",
      needs: ["leases"],
      run: async (store) => {
        const [a, b, c] = await store.add({ queue: "a" }, { queue: "b" }, { queue: "c" });
        expect(await store.claimIds({ queues: ["b"] })).toEqual([b]);
        expect(await store.claimIds({ queues: ["nothing here"] })).toEqual([]);
        expect(await store.claimIds({ queues: ["c", "a"] })).toEqual([a, c]);
      },
    },
    {
      name: "a worker of all queues claims from every queue",
      needs: ["leases"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(20, (index) => ({ queue: `queue ${index}` })));
        expect(await store.claimIds({ queues: "all" })).toEqual(ids);
      },
    },
    {
      name: "a worker of no queue claims nothing",
      needs: ["leases"],
      run: async (store) => {
        await store.add({});
        expect(await store.claimIds({ queues: [] })).toEqual([]);
      },
    },
    {
      name: "a task that no worker knows stays READY and costs no attempt",
      needs: ["leases"],
      defect: "F: a renamed function breaks stored rows",
      run: async (store) => {
        const [unknown, known] = await store.add({ path: "renamed" }, {});
        const before = await store.record(String(unknown));
        expect(await store.claimIds()).toEqual([known]);
        expect(await store.claimIds()).toEqual([]);
        expect(await store.record(String(unknown))).toEqual(before);
      },
    },
    {
      name: "a task that nobody knew is offered to the first worker that has its handler, in its old place",
      needs: ["leases"],
      run: async (store) => {
        const [unknown, known] = await store.add({ path: "renamed" }, {}, {});
        expect(await store.claimIds({ limit: 1 })).toEqual([known]);
        const tasks = [PATH, "renamed"].map((path) => ({ path, lease: LEASE }));
        expect(await store.claimIds({ tasks, limit: 1 })).toEqual([unknown]);
        expect(await store.record(String(unknown))).toMatchObject({
          attempts: 1,
          lostAttempts: 0,
          errors: [],
        });
      },
    },
    {
      name: "paths and queues are compared exactly: case, wildcards, prefixes and spaces count",
      needs: ["leases"],
      run: async (store) => {
        const names = [
          "mail",
          "Mail",
          "mail.send",
          "mail.send ",
          "mail_send",
          "mail%",
          "mail.*",
          "mäil",
          "maïl",
        ];
        const ids = await store.addAll(newTasks(names.length, (index) => ({ path: names[index] ?? "" })));
        // The last first: a store that takes names for equal would hand out an earlier one.
        for (const [index, path] of [...names.entries()].reverse()) {
          expect(await store.claimIds({ tasks: [{ path, lease: LEASE }] })).toEqual([ids[index]]);
        }
        const others = await store.addAll(newTasks(names.length, (index) => ({ queue: names[index] ?? "" })));
        for (const [index, queue] of [...names.entries()].reverse()) {
          expect(await store.claimIds({ queues: [queue] })).toEqual([others[index]]);
        }
      },
    },
    {
      name: "paths and queues that name parts of the language or of a shell are plain names",
      needs: ["leases"],
      defect: "Q: the payload's name of a function is imported",
      run: async (store) => {
        const names = [
          "__proto__",
          "constructor",
          "toString",
          "../../etc/passwd",
          "node:child_process",
          "a'; --",
          "{x}",
        ];
        for (const name of names) {
          const id = await store.addOne({ path: name, queue: name });
          expect(await store.claimIds({ tasks: [{ path: name, lease: LEASE }], queues: [name] })).toEqual([
            id,
          ]);
        }
      },
    },
    {
      name: "a worker may have three hundred handlers and fifty queues",
      needs: ["leases"],
      run: async (store) => {
        const tasks = Array.from({ length: 300 }, (_, index) => ({
          path: `group.task-${index}`,
          lease: LEASE,
        }));
        const queues = Array.from({ length: 50 }, (_, index) => `queue-${index}`);
        const ids = await store.addAll(
          newTasks(300, (index) => ({ path: `group.task-${index}`, queue: `queue-${index % 50}` })),
        );
        expect(await store.claimIds({ tasks, queues, limit: 1_000 })).toEqual(ids);
      },
    },
    {
      name: "100,000 unknown tasks at the head of the line slow no claim",
      needs: ["leases"],
      timeoutMs: 120_000,
      run: (store) =>
        expectSteadyClaims(
          store,
          newTasks(BACKLOG, () => ({ path: "unknown" })),
        ),
    },
    {
      name: "100,000 tasks of another queue at the head of the line slow no claim",
      needs: ["leases"],
      timeoutMs: 120_000,
      run: (store) =>
        expectSteadyClaims(
          store,
          newTasks(BACKLOG, () => ({ queue: "another" })),
        ),
    },
    {
      name: "5,000 other queues slow no claim",
      needs: ["leases"],
      timeoutMs: 120_000,
      run: (store) =>
        expectSteadyClaims(
          store,
          newTasks(2 * QUEUES, (index) => ({
            queue: `queue-${index % QUEUES}`,
            runAfter: index < QUEUES ? START : START + HOUR,
          })),
        ),
    },
  ],
};
