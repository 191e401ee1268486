import { initTasks, TaskError } from "@taskwright/shared";
import { beforeEach, describe, expect, it } from "vitest";
import type { Backend, ScheduleStore } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import type { ServerTaskClient } from "../core/server-task-client.ts";
import { type AnyTaskServer, createTaskServer } from "../create-task-server.ts";
import { HeldHost } from "../testing/held-host.ts";
import { ScheduleLoop } from "./schedule-loop.ts";

/** On the minute, so that the next tick of a rule for every minute is a minute away. */
const START = Date.UTC(2030, 0, 31, 9);
const SECOND = 1_000;
/** After a look that failed. */
const RETRY = 10 * SECOND;
const MINUTE = 60 * SECOND;
/** Later than the spread of looks at one tick. */
const SPREAD = 100;

const t = initTasks.create();
const tasks = t.router({ tick: t.task });
const EVERY_MINUTE = { task: "tick", cron: "* * * * *" } as const;

let host: HeldHost;
let client: ServerTaskClient<typeof tasks>;
let opened: OpenedBackend;
let loop: ScheduleLoop;
/** How often the store was asked what is due. */
let looks: number;
/** What the store was told to enqueue, by schedule. */
let enqueued: string[];
let engine: AnyTaskServer["~engine"];
const warnings: string[] = [];
/** What happens before the store answers; a test sets them. */
let beforeDue: () => Promise<void>;
let beforeSave: () => Promise<void>;

function observed(backend: Backend): Backend {
  const { schedules } = backend;
  if (schedules?.due === undefined) throw new Error("The memory backend keeps schedules.");
  const { due } = schedules;
  const store: ScheduleStore = {
    ...schedules,
    due: async (request) => {
      looks++;
      await beforeDue();
      return due(request);
    },
    save: async (request) => {
      if (request.tasks.length > 0) await beforeSave();
      const outcome = await schedules.save(request);
      if (outcome === "saved") enqueued.push(...request.tasks.map(() => request.schedule.id));
      return outcome;
    },
  };
  return { ...backend, schedules: store };
}

/** Something that a test lets go on. */
function gate(): { readonly reached: Promise<void>; pass(): Promise<void>; open(): void } {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    open: opened.resolve,
  };
}

beforeEach(async () => {
  host = new HeldHost(START);
  looks = 0;
  enqueued = [];
  warnings.length = 0;
  beforeDue = async () => {};
  beforeSave = async () => {};
  const silent = () => {};
  const server = createTaskServer({
    tasks,
    backend: observed(memoryBackend()),
    handlers: { tick: silent },
    logger: { debug: silent, info: silent, error: silent, warn: (_facts, text) => warnings.push(text) },
    host,
  });
  client = server.client;
  engine = server["~engine"];
  opened = engine.backend("default");
  await opened.use();
  loop = new ScheduleLoop(engine, opened, { lookEveryMs: null });
});

describe("when it looks", () => {
  it("is at once, and then every minute while there is nothing to wait for", async () => {
    loop.start();
    await host.settle();
    expect(looks).toBe(1);
    await host.advance(MINUTE - 1);
    expect(looks).toBe(1);
    await host.advance(1);
    expect(looks).toBe(2);
  });

  it("is as seldom as the store is to be looked at, and at each tick all the same", async () => {
    await client.schedules.create({ ...EVERY_MINUTE, id: "a", cron: "0 * * * *" });
    loop = new ScheduleLoop(engine, opened, { lookEveryMs: 30 * MINUTE });
    loop.start();
    await host.settle();
    expect(looks).toBe(1);
    await host.advance(29 * MINUTE);
    expect(looks).toBe(1);
    await host.advance(32 * MINUTE);
    expect(enqueued).toEqual(["a"]);
  });

  it("is at each tick, and at most a tenth of a second late", async () => {
    await client.schedules.create({ ...EVERY_MINUTE, id: "a" });
    loop.start();
    await host.advance(MINUTE - 1);
    expect(enqueued).toEqual([]);
    await host.advance(1 + SPREAD);
    expect(enqueued).toEqual(["a"]);
    await host.advance(MINUTE);
    expect(enqueued).toEqual(["a", "a"]);
  });

  it("is at once when this process has changed a schedule, and not when it has changed none", async () => {
    loop.start();
    await host.settle();
    await client.schedules.create({ ...EVERY_MINUTE, id: "a" });
    await host.settle();
    const afterCreate = looks;
    expect(afterCreate).toBeGreaterThan(1);
    await client.schedules.create({ ...EVERY_MINUTE, id: "a" });
    await host.settle();
    expect(looks).toBe(afterCreate);
    await client.schedules.pause("a");
    await host.settle();
    expect(looks).toBeGreaterThan(afterCreate);
  });

  it("is once more when a schedule changes while a look is under way", async () => {
    const { reached, pass, open } = gate();
    beforeDue = pass;
    loop.start();
    await reached;
    await client.schedules.create({ ...EVERY_MINUTE, id: "a" });
    expect(looks).toBe(1);
    open();
    await host.settle();
    expect(looks).toBe(2);
  });
});

describe("a look that fails", () => {
  it("is told of and repeated after half a minute, and what was due is enqueued then", async () => {
    await client.schedules.create({ ...EVERY_MINUTE, id: "a" });
    loop.start();
    await host.advance(MINUTE - SECOND);
    beforeDue = async () => {
      throw new TaskError({ code: "BACKEND_UNAVAILABLE", message: "away" });
    };
    await host.advance(SECOND + SPREAD);
    expect(warnings).toEqual(["A look at schedules failed; it is tried again."]);
    beforeDue = async () => {};
    await host.advance(RETRY - SPREAD - 1);
    expect(enqueued).toEqual([]);
    await host.advance(SPREAD + 1);
    expect(enqueued).toEqual(["a"]);
  });
});

describe("when it is stopped", () => {
  it("looks no more, neither by time nor at changes", async () => {
    loop.start();
    await host.settle();
    await loop.stop(SECOND);
    expect(opened.scheduleWatchers.size).toBe(0);
    await client.schedules.create({ ...EVERY_MINUTE, id: "a" });
    await host.advance(5 * MINUTE);
    expect(looks).toBe(1);
  });

  it("waits for the tick that is being stored, and leaves the others to whoever looks next", async () => {
    for (const id of ["a", "b", "c"]) await client.schedules.create({ ...EVERY_MINUTE, id });
    await host.advance(MINUTE);
    const { reached, pass, open } = gate();
    beforeSave = pass;
    loop.start();
    await reached;
    let hasStopped = false;
    const stopped = loop.stop(MINUTE).then(() => {
      hasStopped = true;
    });
    await Promise.resolve();
    expect(hasStopped).toBe(false);
    open();
    await stopped;
    expect(enqueued).toEqual(["a"]);
    await host.advance(5 * MINUTE);
    expect(enqueued).toEqual(["a"]);
  });

  it("does not wait longer than it is told for a store that is silent", async () => {
    const { reached, pass, open } = gate();
    beforeDue = pass;
    loop.start();
    await reached;
    const stopped = loop.stop(10 * SECOND);
    await host.advance(10 * SECOND);
    await stopped;
    open();
    await host.advance(5 * MINUTE);
    expect(looks).toBe(1);
  });
});
