import type { DueSchedules, NewTask, ScheduleRecord, ScheduleStore } from "@taskwright/server/backend";
import { expect } from "vitest";
import { AWKWARD_TEXT } from "./awkward-text.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { endProcesses, startProcesses } from "./store-processes.ts";
import { HOUR, MINUTE, newTask, PATH, START, type StoreUnderTest } from "./store-under-test.ts";
import { countWakes } from "./wake-counter.ts";

const NEEDS = ["schedules"] as const;
const AT_ONCE = 20;
const CALL = { queue: "default", priority: 0, maxRetries: 3, policy: null };
const PROCESSES = 4;

let made = 0;

/** A schedule with everything that a case does not say. */
function newSchedule(given: Partial<ScheduleRecord> = {}): ScheduleRecord {
  return {
    id: `schedule-${++made}`,
    name: "Nightly",
    path: PATH,
    cron: "0 4 * * *",
    timeZone: "UTC",
    codec: "json",
    input: '{"to":"ada@example.org"}',
    options: null,
    misfire: "once",
    isPaused: false,
    nextRunAt: START,
    lastRunAt: null,
    lastTaskId: null,
    createdAt: START,
    updatedAt: START,
    pausedAt: null,
    resumedAt: null,
    revision: 1,
    ...given,
  };
}

function schedulesOf({ backend }: StoreUnderTest): ScheduleStore {
  if (backend.schedules === undefined)
    throw new Error("The case should have been skipped: it needs schedules.");
  return backend.schedules;
}

/** A task as a tick makes it, in the place where the store wants it. */
function tickOf(store: StoreUnderTest, schedule: ScheduleRecord, given: Partial<NewTask> = {}): NewTask {
  const task = newTask({ scheduleId: schedule.id, ...given });
  return { ...task, id: schedulesOf(store).placeId?.({ id: task.id }) ?? task.id };
}

function save(store: StoreUnderTest, schedule: ScheduleRecord, tasks: readonly NewTask[] = []) {
  return schedulesOf(store).save({ schedule, call: CALL, tasks, now: START });
}

async function due(
  store: StoreUnderTest,
  given: { now?: number; limit?: number; paths?: readonly string[] } = {},
): Promise<DueSchedules> {
  const found = await schedulesOf(store).due?.({ paths: [PATH], limit: 100, now: START, ...given });
  if (found === undefined)
    throw new Error("The case should have been skipped: it needs schedules that are due.");
  return found;
}

/** The records that are there of these tasks. */
async function stored(store: StoreUnderTest, tasks: readonly NewTask[]) {
  const records = await store.backend.store.get({ ids: tasks.map(({ id }) => id) });
  return records.filter((record) => record !== null);
}

export const schedulesSection: ConformanceSection = {
  title: "schedules",
  rows: ["schedules"],
  cases: [
    {
      name: "a schedule is read as it was saved",
      needs: NEEDS,
      run: async (store) => {
        const full = newSchedule({
          isPaused: true,
          nextRunAt: null,
          options: '{"priority":3}',
          misfire: "all",
          timeZone: "Europe/Berlin",
          lastRunAt: START - HOUR,
          lastTaskId: "task-1",
          updatedAt: START + 1,
          pausedAt: START + 2,
          resumedAt: START + 3,
        });
        const bare = newSchedule({ input: null, misfire: "skip" });
        for (const schedule of [full, bare]) expect(await save(store, schedule)).toBe("saved");
        for (const schedule of [full, bare])
          expect(await schedulesOf(store).get({ id: schedule.id })).toEqual(schedule);
        expect(await schedulesOf(store).get({ id: "no-such" })).toBeNull();
      },
    },
    {
      name: "names and inputs of schedules keep every character",
      needs: NEEDS,
      run: async (store) => {
        for (const text of AWKWARD_TEXT) {
          const schedule = newSchedule({ name: text.slice(0, 150).toWellFormed(), input: text });
          await save(store, schedule);
          expect(await schedulesOf(store).get({ id: schedule.id })).toEqual(schedule);
        }
      },
    },
    {
      name: "only the revision after the stored one is saved",
      needs: NEEDS,
      run: async (store) => {
        const first = newSchedule();
        expect(await save(store, { ...first, revision: 2 })).toBe("changed");
        expect(await schedulesOf(store).get({ id: first.id })).toBeNull();
        expect(await save(store, first)).toBe("saved");
        expect(await save(store, { ...first, name: "again" })).toBe("changed");
        expect(await save(store, { ...first, name: "third", revision: 3 })).toBe("changed");
        expect(await schedulesOf(store).get({ id: first.id })).toEqual(first);
        const second = { ...first, name: "second", nextRunAt: null, input: null, revision: 2 };
        expect(await save(store, second)).toBe("saved");
        expect(await schedulesOf(store).get({ id: first.id })).toEqual(second);
      },
    },
    {
      name: "a tick's tasks are stored with the schedule, and wake workers",
      needs: [...NEEDS, "leases", "wakeups"],
      run: async (store) => {
        const schedule = newSchedule();
        await save(store, schedule);
        const wakes = countWakes((wake) => store.wakeups.watchReady({ queues: "all", wake }));
        await wakes.establish(() => store.addOne({ path: "aside" }));
        const tasks = [tickOf(store, schedule), tickOf(store, schedule)];
        expect(await save(store, { ...schedule, nextRunAt: START + HOUR, revision: 2 }, tasks)).toBe("saved");
        await wakes.next();
        const claimed = await store.claim({ limit: 10 });
        expect(claimed.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
        expect(claimed.map(({ scheduleId }) => scheduleId)).toEqual([schedule.id, schedule.id]);
        wakes.stop();
      },
    },
    {
      name: "the tasks of a revision that is not saved are not stored",
      needs: NEEDS,
      run: async (store) => {
        const schedule = newSchedule();
        const tasks = [tickOf(store, schedule)];
        expect(await save(store, { ...schedule, revision: 2 }, tasks)).toBe("changed");
        await save(store, schedule);
        expect(await save(store, schedule, tasks)).toBe("changed");
        expect(await stored(store, tasks)).toEqual([]);
      },
    },
    {
      name: "a task that is there already is left as it is, and the schedule is saved",
      needs: [...NEEDS, "leases"],
      run: async (store) => {
        const schedule = newSchedule();
        const task = tickOf(store, schedule);
        await save(store, schedule, [task]);
        const [claimed] = await store.claim({ limit: 1 });
        expect(claimed?.id).toBe(task.id);
        expect(await save(store, { ...schedule, revision: 2 }, [task])).toBe("saved");
        expect((await store.record(task.id)).status).toBe("RUNNING");
        expect(await store.claim({ limit: 1 })).toEqual([]);
      },
    },
    {
      name: "of ticks at once in one process one is saved, with its tasks",
      needs: NEEDS,
      run: async (store) => {
        const schedule = newSchedule();
        await save(store, schedule);
        const tasks = Array.from({ length: AT_ONCE }, () => tickOf(store, schedule));
        const answers = await Promise.all(
          tasks.map((task) => save(store, { ...schedule, revision: 2, lastTaskId: task.id }, [task])),
        );
        expect(answers.filter((answer) => answer === "saved")).toHaveLength(1);
        const there = await stored(store, tasks);
        expect(there.map(({ id }) => id)).toEqual([
          (await schedulesOf(store).get({ id: schedule.id }))?.lastTaskId,
        ]);
      },
    },
    {
      name: "of ticks at once in many processes one is saved, with its tasks",
      needs: [...NEEDS, "processes"],
      run: async (store) => {
        const processes = await startProcesses(store, PROCESSES);
        try {
          const schedules = Array.from({ length: 5 }, () => newSchedule());
          for (const schedule of schedules) await save(store, schedule);
          for (const schedule of schedules) {
            const tasks = processes.map(() => tickOf(store, schedule));
            const answers = await Promise.all(
              processes.map((process, index) =>
                process.ask({
                  kind: "call",
                  facet: "schedules",
                  operation: "save",
                  request: {
                    schedule: { ...schedule, revision: 2 },
                    call: CALL,
                    tasks: [tasks[index]],
                    now: START,
                  },
                }),
              ),
            );
            expect([...answers].sort()).toEqual(["changed", "changed", "changed", "saved"]);
            const there = await stored(store, tasks);
            expect(there.map(({ id }) => id)).toEqual([tasks[answers.indexOf("saved")]?.id]);
          }
        } finally {
          await endProcesses(processes);
        }
      },
    },
    {
      name: "a tick whose task the store refuses saves nothing",
      needs: [...NEEDS, "unstorable"],
      run: async (store) => {
        const { unstorable } = store.fixture;
        if ("none" in unstorable) throw new Error(unstorable.none);
        const schedule = newSchedule();
        await save(store, schedule);
        const tasks = [tickOf(store, schedule), unstorable.spoil(tickOf(store, schedule))];
        await expect(save(store, { ...schedule, revision: 2 }, tasks)).rejects.toThrow();
        expect(await schedulesOf(store).get({ id: schedule.id })).toEqual(schedule);
        expect(await stored(store, tasks)).toEqual([]);
      },
    },
    {
      name: "what is due is found at its time and not a millisecond earlier, earliest first",
      needs: NEEDS,
      run: async (store) => {
        const late = newSchedule({ nextRunAt: START - MINUTE });
        const now = newSchedule({ nextRunAt: START });
        const soon = newSchedule({ nextRunAt: START + 1 });
        const paused = newSchedule({ nextRunAt: null, isPaused: true });
        for (const schedule of [soon, paused, now, late]) await save(store, schedule);
        expect(await due(store)).toEqual({ schedules: [late, now], nextRunAt: START + 1 });
        expect(await due(store, { limit: 1 })).toMatchObject({ schedules: [late] });
        expect(await due(store, { now: START + 1 })).toEqual({
          schedules: [late, now, soon],
          nextRunAt: null,
        });
        expect(await due(store, { now: START - HOUR })).toEqual({ schedules: [], nextRunAt: START - MINUTE });
      },
    },
    {
      name: "what was moved on is no longer due, and what was paused neither",
      needs: NEEDS,
      run: async (store) => {
        const moved = newSchedule();
        const paused = newSchedule();
        for (const schedule of [moved, paused]) await save(store, schedule);
        const later = { ...moved, nextRunAt: START + HOUR, revision: 2 };
        await save(store, later);
        await save(store, { ...paused, isPaused: true, nextRunAt: null, revision: 2 });
        expect(await due(store)).toEqual({ schedules: [], nextRunAt: START + HOUR });
        expect(await due(store, { now: START + HOUR })).toEqual({ schedules: [later], nextRunAt: null });
        await schedulesOf(store).delete({ id: moved.id });
        expect(await due(store, { now: START + HOUR })).toEqual({ schedules: [], nextRunAt: null });
      },
    },
    {
      name: "what is due of other tasks is left out, however much it is",
      needs: NEEDS,
      run: async (store) => {
        for (let index = 0; index < 150; index++)
          await save(
            store,
            newSchedule({ path: `unknown.task${index % 3}`, nextRunAt: START - HOUR + index }),
          );
        const own = newSchedule({ nextRunAt: START - 1 });
        const other = newSchedule({ path: "other", nextRunAt: START - 2 });
        for (const schedule of [own, other]) await save(store, schedule);
        expect((await due(store, { limit: 10 })).schedules).toEqual([own]);
        expect((await due(store, { paths: [PATH, "other"] })).schedules).toEqual([other, own]);
        expect((await due(store, { paths: [] })).schedules).toEqual([]);
      },
    },
    {
      name: "schedules are listed in pages, in the order of their ids' bytes",
      needs: NEEDS,
      run: async (store) => {
        const ids = [
          "-a",
          ".a",
          "0",
          "10",
          "9",
          ":a",
          "A",
          "B",
          "_a",
          "a",
          "a-b",
          "a.b",
          "a:b",
          "a_b",
          "aa",
          "b",
        ];
        for (const id of [...ids].reverse())
          await save(store, newSchedule({ id, path: id < "a" ? PATH : "other" }));
        const { list } = schedulesOf(store);
        const all = await list({ after: null, limit: 100 });
        expect(all.map(({ id }) => id)).toEqual(ids);
        const page = await list({ after: "9", limit: 4 });
        expect(page.map(({ id }) => id)).toEqual([":a", "A", "B", "_a"]);
        const others = await list({ after: "a", path: "other", limit: 3 });
        expect(others.map(({ id }) => id)).toEqual(["a-b", "a.b", "a:b"]);
        expect(await list({ after: "b", limit: 4 })).toEqual([]);
      },
    },
    {
      name: "a deleted schedule is gone, what it enqueued stays, and its id begins anew",
      needs: NEEDS,
      run: async (store) => {
        const schedule = newSchedule();
        const task = tickOf(store, schedule);
        await save(store, schedule);
        await save(store, { ...schedule, revision: 2 }, [task]);
        const { get, list, delete: remove } = schedulesOf(store);
        expect(await remove({ id: schedule.id })).toBe("deleted");
        expect(await remove({ id: schedule.id })).toBe("not-found");
        expect(await get({ id: schedule.id })).toBeNull();
        expect(await list({ after: null, limit: 10 })).toEqual([]);
        expect(await stored(store, [task])).toHaveLength(1);
        expect(await save(store, { ...schedule, revision: 3 })).toBe("changed");
        expect(await save(store, schedule)).toBe("saved");
      },
    },
    {
      name: "a purge leaves schedules alone",
      needs: [...NEEDS, "maintenance"],
      run: async (store) => {
        const schedule = newSchedule();
        await save(store, schedule);
        await store.maintenance.purge({
          statuses: ["SUCCESSFUL", "FAILED", "CANCELLED"],
          finishedBefore: START + HOUR,
          limit: 100,
          dryRun: false,
          now: START + HOUR,
        });
        expect(await schedulesOf(store).get({ id: schedule.id })).toEqual(schedule);
      },
    },
  ],
};
