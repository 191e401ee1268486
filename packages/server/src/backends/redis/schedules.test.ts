import { expect, type TestContext, test } from "vitest";
import { clientThatRuns, opened } from "../../../../../test/harness/redis-calls.ts";
import { type RedisProcess, startRedis } from "../../../../../test/harness/redis-process.ts";
import { everythingIn } from "../../../../../test/harness/redis-store.ts";
import {
  dueIds,
  newSchedule,
  saveSchedule,
  schedulesOf,
} from "../../../../../test/harness/schedule-calls.ts";
import { aTask, claim, enqueue, NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, ScheduleRecord } from "../../backend/index.ts";
import { redisBackend } from "./index.ts";

const T = "{taskwright:0}:";
const GROUP = "9:mail.send:default";
const PATIENCE = { timeout: 60_000 };
const REFUSED = { code: "BACKEND_INCOMPATIBLE", retryable: false };
const HOUR = 3_600_000;

async function openStore(context: TestContext): Promise<{ server: RedisProcess; backend: Backend }> {
  const server = await startRedis(context);
  return { server, backend: await opened(redisBackend({ url: server.url })) };
}

async function listedIds(backend: Backend, path?: string): Promise<readonly string[]> {
  const only = path === undefined ? {} : { path };
  const found = await schedulesOf(backend).list({ after: null, limit: 100, ...only });
  return found.map(({ id }) => id);
}

test.for(["schedules", "scheduleIds", "ticks"])(
  "a foreign key at %s refuses what needs it, whole, and no task; once it is gone the repeated calls do",
  PATIENCE,
  async (name, context) => {
    const { server, backend } = await openStore(context);
    const schedules = schedulesOf(backend);
    const [first, other] = [newSchedule(), newSchedule({ isPaused: true, nextRunAt: null })];
    for (const schedule of [first, other]) await saveSchedule(backend, schedule);
    await server.cli("rename", T + name, "kept");
    await server.cli("set", T + name, "a foreign key");
    const second = { ...first, nextRunAt: NOW + HOUR, revision: 2 };
    const tick = aTask();
    const calls: readonly (() => Promise<unknown>)[] = [
      () => schedules.save({ schedule: second, call: null, tasks: [tick], now: NOW }),
      () => schedules.list({ after: null, limit: 10 }),
      () => schedules.due({ paths: ["mail.send"], limit: 10, now: NOW }),
      () => schedules.delete({ id: other.id }),
      ...(name === "schedules" ? [() => schedules.get({ id: first.id })] : []),
    ];
    const before = await everythingIn(server.url);
    for (const call of calls) expect(await refusal(call)).toMatchObject(REFUSED);
    expect(await everythingIn(server.url)).toEqual(before);
    const task = await enqueue(backend);
    expect((await claim(backend)).map(({ id }) => id)).toEqual([task]);
    await server.cli("rename", "kept", T + name);
    for (const call of calls) await call();
    expect(await schedules.get({ id: first.id })).toEqual(second);
    expect(await listedIds(backend)).toEqual([first.id]);
    expect((await claim(backend)).map(({ id }) => id)).toEqual([tick.id]);
  },
);

test.for(["task:second", `ready:0:${GROUP}`, `open:${GROUP}`, "heads", "seq"])(
  "a tick of which a task meets a foreign key at %s stores nothing, and all when it is gone",
  PATIENCE,
  async (name, context) => {
    const { server, backend } = await openStore(context);
    const schedule = newSchedule();
    await saveSchedule(backend, schedule);
    await server.cli("set", T + name, "a foreign key");
    const tasks = [aTask({ id: "first", path: "other.path" }), aTask({ id: "second" })];
    const next = { ...schedule, nextRunAt: NOW + HOUR, revision: 2 };
    const before = await everythingIn(server.url);
    expect(await refusal(() => saveSchedule(backend, next, tasks))).toMatchObject(REFUSED);
    expect(await everythingIn(server.url)).toEqual(before);
    expect(await dueIds(backend)).toEqual([schedule.id]);
    await server.cli("del", T + name);
    expect(await saveSchedule(backend, next, tasks)).toBe("saved");
    expect((await backend.store.get({ ids: ["first", "second"] })).map((task) => task?.status)).toEqual([
      "READY",
      "READY",
    ]);
    expect(await dueIds(backend)).toEqual([]);
  },
);

test.for([
  ["the times", ["del", `${T}ticks`]],
  ["the ids", ["del", `${T}scheduleIds`]],
  ["a time", ["zrem", `${T}ticks`, "b mail.send"]],
  ["an id", ["zrem", `${T}scheduleIds`, "b mail.send"]],
] as const)(
  "%s, deleted by hand, are there again at the next look and the next list",
  PATIENCE,
  async ([, deletion], context) => {
    const { server, backend } = await openStore(context);
    const schedules = [
      newSchedule({ id: "a", nextRunAt: NOW + HOUR }),
      newSchedule({ id: "b" }),
      newSchedule({ id: "c", isPaused: true, nextRunAt: null }),
      newSchedule({ id: "d", path: "other", nextRunAt: NOW - HOUR }),
    ];
    for (const schedule of schedules) await saveSchedule(backend, schedule);
    const whole = await everythingIn(server.url);
    const deleteIt = () => server.cli(...(deletion as unknown as [string, string]));
    expect(await deleteIt()).toBe(1);
    expect(await dueIds(backend, ["mail.send", "other"])).toEqual(["d", "b"]);
    expect(await everythingIn(server.url)).toEqual(whole);
    await deleteIt();
    expect(await listedIds(backend)).toEqual(["a", "b", "c", "d"]);
    expect(await everythingIn(server.url)).toEqual(whole);
  },
);

test(
  "schedules deleted by hand leave nothing behind, and their ids begin anew",
  PATIENCE,
  async (context) => {
    const { server, backend } = await openStore(context);
    const [kept, gone] = [newSchedule({ id: "kept" }), newSchedule({ id: "gone" })];
    for (const schedule of [kept, gone]) await saveSchedule(backend, schedule);
    await server.cli("hdel", `${T}schedules`, "gone");
    expect(await saveSchedule(backend, { ...gone, revision: 2 })).toBe("changed");
    expect(await schedulesOf(backend).delete({ id: "gone" })).toBe("not-found");
    await server.cli("hdel", `${T}schedules`, "kept");
    expect(await dueIds(backend)).toEqual([]);
    expect(await everythingIn(server.url)).toEqual({ [`${T}version`]: "1" });
    await saveSchedule(backend, gone);
    await server.cli("hdel", `${T}schedules`, "gone");
    await saveSchedule(backend, { ...gone, path: "other" });
    expect(await dueIds(backend, ["mail.send", "other"])).toEqual(["gone"]);
    expect(await listedIds(backend)).toEqual(["gone"]);
    expect(await schedulesOf(backend).delete({ id: "gone" })).toBe("deleted");
    expect(await everythingIn(server.url)).toEqual({ [`${T}version`]: "1" });
  },
);

test("a schedule that is given to another task leaves its old place at once", PATIENCE, async (context) => {
  const { server, backend } = await openStore(context);
  const schedule = newSchedule();
  await saveSchedule(backend, schedule);
  await saveSchedule(backend, { ...schedule, path: "other", revision: 2 });
  for (const index of ["ticks", "scheduleIds"])
    expect(await server.cli("zrange", T + index, "0", "-1")).toEqual([`${schedule.id} other`]);
});

test("entries that do not fit their schedules are passed over, and mended", PATIENCE, async (context) => {
  const { server, backend } = await openStore(context);
  const paused = newSchedule({ id: "a", isPaused: true, nextRunAt: null });
  const due = newSchedule({ id: "b" });
  const later = newSchedule({ id: "c", nextRunAt: NOW + HOUR });
  for (const schedule of [paused, due, later]) await saveSchedule(backend, schedule);
  const whole = await everythingIn(server.url);
  await server.cli("zadd", `${T}ticks`, "1", "a mail.send", "2", "c mail.send");
  expect(await dueIds(backend, ["mail.send"], 1)).toEqual(["b"]);
  expect(await dueIds(backend)).toEqual(["b"]);
  expect(await everythingIn(server.url)).toEqual(whole);
  for (const index of ["ticks", "scheduleIds"]) {
    await server.cli("zrem", T + index, "a mail.send");
    await server.cli("zadd", T + index, "0", "nothing-of-ours");
  }
  expect(await dueIds(backend)).toEqual(["b"]);
  expect(await listedIds(backend, "mail.send")).toEqual(["b", "c"]);
});

test("a field that is no schedule hides no others, and is said to be one", PATIENCE, async (context) => {
  const { server, backend } = await openStore(context);
  const schedules = schedulesOf(backend);
  const values = [
    "",
    "foreign",
    "1 - 9:mail.send",
    `1 ${NOW} 9:mail.send\n{`,
    "1 nan 1:a\n{}",
    "1 1-1 1:a\n{}",
  ];
  for (const [index, value] of values.entries())
    await server.cli("hset", `${T}schedules`, `a${index}`, value);
  const last = newSchedule({ id: "b" });
  await saveSchedule(backend, last);
  for (let looks = 0; looks < 2; looks++) {
    expect(await dueIds(backend, ["mail.send"], 1)).toEqual(["b"]);
    expect((await schedules.list({ after: null, limit: 1 })).map(({ id }) => id)).toEqual(["b"]);
  }
  for (const [index, value] of values.entries()) {
    const id = `a${index}`;
    expect(await refusal(() => schedules.get({ id })), value).toMatchObject(REFUSED);
    const saving = () => saveSchedule(backend, newSchedule({ id }));
    if (value.endsWith("{")) expect(await saving()).toBe("changed");
    else expect(await refusal(saving), value).toMatchObject(REFUSED);
    expect(await schedules.delete({ id })).toBe("deleted");
  }
  expect(await schedules.delete({ id: "b" })).toBe("deleted");
  expect(await everythingIn(server.url)).toEqual({ [`${T}version`]: "1" });
});

test("a look and a list go on over as many commands as it takes", PATIENCE, async (context) => {
  const server = await startRedis(context);
  let scripts = 0;
  const client = clientThatRuns(server.url, (script) => {
    scripts++;
    return script.replace(/\b5000\b/g, "7");
  });
  const backend = await opened(redisBackend({ client }));
  const of = (path: string, count: number, given: Partial<ScheduleRecord> = {}) =>
    Array.from({ length: count }, () => newSchedule({ path, nextRunAt: NOW - HOUR, ...given }));
  const [foreign, own] = [of("unknown", 30), of("mail.send", 10, { nextRunAt: NOW - 1 })];
  const later = newSchedule({ path: "unknown", nextRunAt: NOW + HOUR });
  for (const schedule of [...foreign, ...own, later]) await saveSchedule(backend, schedule);
  const ids = own.map(({ id }) => id);
  scripts = 0;
  expect(await schedulesOf(backend).due({ paths: ["mail.send"], limit: 100, now: NOW })).toEqual({
    schedules: own,
    nextRunAt: NOW + HOUR,
  });
  expect(scripts).toBe(6);
  expect(await dueIds(backend, ["mail.send"], 3)).toEqual(ids.slice(0, 3));
  await server.cli("hdel", `${T}schedules`, ...(ids.slice(0, 2) as [string, string]));
  expect(await dueIds(backend)).toEqual(ids.slice(2));
  expect(await listedIds(backend, "mail.send")).toEqual(ids.slice(2));
  expect(await listedIds(backend)).toHaveLength(39);
  const { list } = schedulesOf(backend);
  expect(await list({ after: ids[5] ?? "", limit: 2, path: "mail.send" })).toEqual(own.slice(6, 8));
});

test("a save that no replica confirms is refused, and has been stored once", PATIENCE, async (context) => {
  const server = await startRedis(context);
  const waitForReplicas = { count: 1, timeout: "1ms" } as const;
  const backend = await opened(redisBackend({ url: server.url, waitForReplicas }));
  const [schedule, task] = [newSchedule(), aTask()];
  expect(await refusal(() => saveSchedule(backend, schedule, [task]))).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
  });
  expect(await schedulesOf(backend).get({ id: schedule.id })).toEqual(schedule);
  const careless = await opened(redisBackend({ url: server.url }));
  expect((await claim(careless)).map(({ id }) => id)).toEqual([task.id]);
});
