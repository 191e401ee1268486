import { initTasks, TaskError } from "@taskwright/shared";
import { expect, test } from "vitest";
import type { ScheduleStore } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { HeldHost } from "../testing/held-host.ts";

const MINUTE = 60_000;
const EVERY_MINUTE = { task: "tick", cron: "* * * * *" } as const;

const t = initTasks.create();
const tasks = t.router({ tick: t.task });

/** A server whose store is asked through `save`, and what it logs as errors. */
function serverWith(save: (request: Parameters<ScheduleStore["save"]>[0]) => void) {
  const host = new HeldHost(Date.UTC(2030, 0, 31, 9));
  const backend = memoryBackend();
  const { schedules } = backend;
  if (schedules === undefined) throw new Error("The memory backend keeps schedules.");
  const told: unknown[] = [];
  const silent = () => {};
  const server = createTaskServer({
    tasks,
    backend: {
      ...backend,
      schedules: {
        ...schedules,
        save: async (request) => {
          save(request);
          return schedules.save(request);
        },
      },
    },
    handlers: { tick: silent },
    logger: {
      debug: silent,
      info: silent,
      warn: silent,
      error: (facts) => told.push((facts as { schedule?: unknown }).schedule),
    },
    host,
  });
  return { server, host, schedules, told };
}

function refusing(code: "PAYLOAD_ERROR" | "BACKEND_UNAVAILABLE", id: string) {
  return serverWith(({ schedule, tasks: made }) => {
    if (made.length > 0 && schedule.id === id) throw new TaskError({ code, message: "refused" });
  });
}

test("a schedule whose tick the store refuses is told of, once a look, and holds up no other", async () => {
  const { server, host, told } = refusing("PAYLOAD_ERROR", "b");
  for (const id of ["a", "b", "c"]) await server.client.schedules.create({ ...EVERY_MINUTE, id });
  await host.advance(MINUTE);
  expect(await server.executor.runSchedules()).toBe(2);
  expect(told).toEqual(["b"]);
  expect(await server.executor.runSchedules()).toBe(0);
  expect(told).toEqual(["b", "b"]);
});

test("a store that is away ends the look, which says so", async () => {
  const { server, host, told } = refusing("BACKEND_UNAVAILABLE", "b");
  for (const id of ["a", "b", "c"]) await server.client.schedules.create({ ...EVERY_MINUTE, id });
  await host.advance(MINUTE);
  await expect(server.executor.runSchedules()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  expect(told).toEqual([]);
  expect((await server.client.schedules.get("a")).lastTaskId).not.toBe(null);
  expect((await server.client.schedules.get("c")).lastTaskId).toBe(null);
});

test("any number of schedules that cannot be run hide none that can", async () => {
  const { server, host, schedules, told } = serverWith(() => {});
  for (let n = 0; n < 250; n++) {
    const id = `a${n}`;
    await server.client.schedules.create({ ...EVERY_MINUTE, id });
    const stored = await schedules.get({ id });
    if (stored === null) throw new Error("It is not stored.");
    const spoiled = { ...stored, options: '{"queue":"gone"}', revision: 2 };
    await schedules.save({ schedule: spoiled, call: null, tasks: [], now: host.wallTime() });
  }
  await server.client.schedules.create({ ...EVERY_MINUTE, id: "b" });
  await host.advance(MINUTE);
  expect(await server.executor.runSchedules()).toBe(1);
  expect(new Set(told).size).toBe(250);
  expect(told).toHaveLength(250);
});
