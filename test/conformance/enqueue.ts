import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { DAY, newTask, newTasks, START } from "./store-under-test.ts";

export const enqueueSection: ConformanceSection = {
  title: "enqueue and get",
  rows: ["durable", "batches"],
  cases: [
    {
      name: "a stored task result reads back as READY with everything it was given",
      defect: "Q: the status is not written before delivery",
      run: async (store) => {
        const task = newTask({
          path: "billing.invoice.send",
          queue: "emails",
          priority: -7,
          runAfter: START + 5,
          enqueuedAt: START - 1,
          expiresAt: START + DAY,
          codec: "superjson",
          input: '{"json":{"n":1}}',
          maxRetries: 0,
          policy: '{"timeoutMs":1000}',
          parentId: "0190f5c6-0000-7000-8000-000000000001",
          scheduleId: "nightly",
          tags: ["b", "a", "b c"],
          deduplication: { key: "key", until: START + DAY },
        });
        expect(await store.enqueue([task])).toEqual([{ outcome: "stored" }]);
        const { rank: _place, deduplication: _key, ...given } = task;
        expect(await store.record(task.id)).toEqual({
          ...given,
          status: "READY",
          output: null,
          progress: null,
          errors: [],
          attempts: 0,
          retriesUsed: 0,
          lostAttempts: 0,
          startedAt: null,
          lastAttemptedAt: null,
          finishedAt: null,
          workerIds: [],
          cancelRequested: false,
        });
      },
    },
    {
      name: "a task without input, policy, parent, schedule, expiry and tags reads back so",
      run: async (store) => {
        const nothing = { input: null, policy: null, parentId: null, scheduleId: null, expiresAt: null };
        const id = await store.addOne({ ...nothing, tags: [] });
        expect(await store.record(id)).toMatchObject({ ...nothing, tags: [] });
      },
    },
    {
      name: "a batch answers in its own order",
      run: async (store) => {
        const key = { key: "held", until: START + DAY };
        const held = await store.addOne({ deduplication: key });
        const twin = { outcome: "deduplicated", id: held, status: "READY" };
        const tasks = newTasks(5, (index) => (index % 2 === 1 ? { deduplication: key } : {}));
        const stored = { outcome: "stored" };
        expect(await store.enqueue(tasks)).toEqual([stored, twin, stored, twin, stored]);
        const records = await store.backend.store.get({ ids: tasks.map(({ id }) => id) });
        expect(records.map((record) => record !== null)).toEqual([true, false, true, false, true]);
      },
    },
    {
      name: "an id that exists already answers stored and changes nothing",
      run: async (store) => {
        const task = newTask();
        await store.addAll([task]);
        const before = await store.record(task.id);
        const again = newTask({
          id: task.id,
          path: "other",
          input: '"other"',
          runAfter: START + 9,
          tags: ["x"],
        });
        expect(await store.enqueue([again], START + 1)).toEqual([{ outcome: "stored" }]);
        expect(await store.record(task.id)).toEqual(before);
      },
    },
    {
      name: "an id that exists already is not put in line twice",
      needs: ["leases"],
      run: async (store) => {
        const task = newTask();
        await store.addAll([task]);
        await store.addAll([task, newTask()]);
        expect(await store.claimIds()).toHaveLength(2);
        await store.addAll([task]);
        expect(await store.claimIds()).toEqual([]);
      },
    },
    {
      name: "the same id twice in one batch is one task result, the first",
      run: async (store) => {
        const task = newTask({ input: '"first"' });
        const outcomes = await store.enqueue([task, { ...task, input: '"second"' }]);
        expect(outcomes).toEqual([{ outcome: "stored" }, { outcome: "stored" }]);
        expect((await store.record(task.id)).input).toBe('"first"');
      },
    },
    {
      name: "repeating the enqueue of a finished task result does not wake it up",
      run: async (store) => {
        const task = newTask();
        await store.addAll([task]);
        await store.backend.store.cancel({ id: task.id, now: START });
        expect(await store.enqueue([task], START + 1)).toEqual([{ outcome: "stored" }]);
        expect((await store.record(task.id)).status).toBe("CANCELLED");
      },
    },
    {
      name: "an empty batch answers an empty list",
      run: async (store) => {
        expect(await store.enqueue([])).toEqual([]);
        expect(await store.backend.store.enqueue({ tasks: [], atomic: true, now: START })).toEqual([]);
      },
    },
    {
      name: "a batch of a thousand is stored whole, and read whole",
      run: async (store) => {
        const tasks = newTasks(1_000, (index) => ({ input: String(index) }));
        const outcomes = await store.backend.store.enqueue({ tasks, atomic: true, now: START });
        expect(outcomes).toHaveLength(1_000);
        expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(["stored"]));
        const records = await store.backend.store.get({ ids: tasks.map(({ id }) => id) });
        expect(records.map((record) => record?.input)).toEqual(tasks.map(({ input }) => input));
      },
    },
    {
      name: "one that cannot be stored fails only itself",
      needs: ["unstorable"],
      run: async (store) => {
        const tasks = newTasks(3);
        const [first, bad, last] = [tasks[0] ?? newTask(), store.spoiledTask(), tasks[2] ?? newTask()];
        const outcomes = await store.enqueue([first, bad, last]);
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(["stored", "failed", "stored"]);
        const failed = outcomes[1];
        expect(failed?.outcome === "failed" ? failed.error : undefined).toBeInstanceOf(Error);
        const records = await store.backend.store.get({ ids: [first.id, bad.id, last.id] });
        expect(records.map((record) => record?.status ?? null)).toEqual(["READY", null, "READY"]);
      },
    },
    {
      name: "an atomic batch with one that cannot be stored stores nothing",
      needs: ["unstorable"],
      run: async (store) => {
        const tasks = [newTask(), store.spoiledTask(), newTask()];
        const answer = store.backend.store.enqueue({ tasks, atomic: true, now: START });
        const outcomes = await answer.catch(() => []);
        expect(outcomes.filter(({ outcome }) => outcome === "stored")).toEqual([]);
        expect(await store.backend.store.get({ ids: tasks.map(({ id }) => id) })).toEqual([null, null, null]);
      },
    },
    {
      name: "a deduplicated one does not spoil an atomic batch",
      run: async (store) => {
        const key = { key: "held", until: START + DAY };
        const held = await store.addOne({ deduplication: key });
        const tasks = [newTask(), newTask({ deduplication: key }), newTask()];
        expect(await store.backend.store.enqueue({ tasks, atomic: true, now: START })).toEqual([
          { outcome: "stored" },
          { outcome: "deduplicated", id: held, status: "READY" },
          { outcome: "stored" },
        ]);
      },
    },
    {
      name: "what is stored does not follow later changes of the caller's objects",
      run: async (store) => {
        const tags = ["a"];
        const id = await store.addOne({ tags });
        tags.push("b");
        expect((await store.record(id)).tags).toEqual(["a"]);
      },
    },
    {
      name: "a record that was read stays as it was read",
      run: async (store) => {
        const id = await store.addOne();
        const before = await store.record(id);
        const copy = structuredClone(before);
        await store.backend.store.cancel({ id, now: START });
        expect(before).toEqual(copy);
      },
    },
    {
      name: "reading answers in the order of the ids, with null for each that is not there",
      run: async (store) => {
        const [first, second] = await store.add({}, {});
        const absent = newTask().id;
        const ids = [second, absent, first, second].map(String);
        const records = await store.backend.store.get({ ids });
        expect(records.map((record) => record?.id ?? null)).toEqual([second, null, first, second]);
        expect(await store.backend.store.get({ ids: [] })).toEqual([]);
      },
    },
    {
      name: "a task delayed by longer than any retention is still there when it is due",
      needs: ["leases", "maintenance"],
      defect: "R: a time to live set at enqueue loses delayed tasks",
      run: async (store) => {
        const dueAt = START + 400 * DAY;
        const id = await store.addOne({ runAfter: dueAt });
        const statuses = ["SUCCESSFUL", "FAILED", "CANCELLED"] as const;
        const before = dueAt - 1;
        const purge = { statuses, finishedBefore: before, limit: 100, dryRun: false, now: before };
        expect(await store.maintenance.purge(purge)).toMatchObject({ purged: 0 });
        await store.sweep(before);
        expect(await store.claimIds({ now: before })).toEqual([]);
        expect(await store.claimIds({ now: dueAt })).toEqual([id]);
      },
    },
  ],
};
