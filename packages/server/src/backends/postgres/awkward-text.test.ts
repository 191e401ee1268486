import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { z } from "zod";
import {
  aPostgresTask,
  claimAll,
  freshSchema,
  openMigrated,
  runSql,
} from "../../../../../test/harness/postgres-store.ts";
import { LEASE_MS, NOW, refusal, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, Lease, Settlement } from "../../backend/index.ts";
import { createTaskServer } from "../../index.ts";
import { createWorker } from "../../worker/index.ts";
import { postgresBackend } from "./index.ts";

const METACHARACTERS = `'; DROP TABLE "taskwright_task"; -- $1 $$ \\ \\' \\u0000 %s {"a":[null]} \u{1f600}\u2028`;
const REFUSED = { code: "BACKEND_INCOMPATIBLE", retryable: false };

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function aStore(context: TestContext): Promise<Backend> {
  return openMigrated(postgresBackend(await freshSchema(context)));
}

function failed(message: string): Settlement {
  const error = {
    type: "ERROR",
    exceptionClass: message,
    message,
    stack: message,
    attempt: 1,
    workerId: message,
    at: new Date(NOW).toISOString(),
  } as const;
  return { status: "FAILED", error: error as never, started: true };
}

test("quotes, SQL and escapes are kept as they are, wherever a caller can put them", async (context) => {
  const backend = await aStore(context);
  const text = METACHARACTERS;
  const given = {
    path: text,
    queue: text,
    input: JSON.stringify(text),
    policy: text,
    tags: [text],
    parentId: text,
    deduplication: { key: text, until: NOW + 1_000 },
  };
  const task = aPostgresTask(given);
  const again = aPostgresTask(given);
  expect(await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW })).toEqual([
    { outcome: "stored" },
  ]);
  expect(await backend.store.enqueue({ tasks: [again], atomic: true, now: NOW })).toEqual([
    { outcome: "deduplicated", id: task.id, status: "READY" },
  ]);
  const claimed = await backend.leases?.claim({
    workerId: text,
    tasks: [{ path: text, lease: LEASE_MS }],
    queues: [text],
    limit: 1,
    now: NOW,
  });
  const [lease] = claimed?.claimed ?? [];
  if (lease === undefined) throw new Error("Nothing was claimed.");
  await backend.leases?.progress({ items: [{ lease, progress: JSON.stringify(text) }], now: NOW });
  await backend.leases?.settle({ items: [{ lease, settlement: failed(text) }], now: NOW });
  const filter = { queue: text, path: text, tag: text, parentId: text };
  const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
  expect(page?.records).toMatchObject([
    {
      id: task.id,
      status: "FAILED",
      path: text,
      queue: text,
      policy: text,
      input: JSON.stringify(text),
      progress: JSON.stringify(text),
      tags: [text],
      parentId: text,
      workerIds: [text],
      errors: [{ message: text, stack: text, exceptionClass: text }],
    },
  ]);
});

test("a megabyte in each payload comes back whole", async (context) => {
  const backend = await aStore(context);
  const big = JSON.stringify(`${METACHARACTERS}\n`.repeat(15_000));
  expect(big.length).toBeGreaterThan(1_000_000);
  const task = aPostgresTask({ input: big, policy: big, tags: [big] });
  await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
  const [lease] = await claimAll(backend);
  if (lease === undefined) throw new Error("Nothing was claimed.");
  expect(lease.input === big && lease.tags[0] === big).toBe(true);
  await backend.leases?.progress({ items: [{ lease, progress: big }], now: NOW });
  await backend.leases?.settle({
    items: [{ lease, settlement: { status: "SUCCESSFUL", output: big } }],
    now: NOW,
  });
  const [record] = await backend.store.get({ ids: [task.id] });
  expect(record?.output === big && record.progress === big && record.policy === big).toBe(true);
});

/** Text of which no index can hold this much. */
function incompressible(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (state % 90));
  }).join("");
}

test.for<[string, object]>([
  ["a NUL in its input", { input: "\0" }],
  ["a lone surrogate in its queue", { queue: "\ud800" }],
  ["a queue that no index holds", { queue: incompressible(20_000) }],
  [
    "a deduplication key that no index holds",
    { deduplication: { key: incompressible(20_000), until: NOW + 1 } },
  ],
])("a task with %s is refused alone", async ([, given], context) => {
  const backend = await aStore(context);
  const [good, bad, other] = [aPostgresTask(), aPostgresTask(given), aPostgresTask()];
  const outcomes = await backend.store.enqueue({ tasks: [good, bad, other], atomic: false, now: NOW });
  expect(outcomes).toMatchObject([
    { outcome: "stored" },
    { outcome: "failed", error: REFUSED },
    { outcome: "stored" },
  ]);
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([good.id, other.id]);
});

test("an end that cannot be stored is refused as not to be tried again; errors with NUL and lone surrogates are stored", async (context) => {
  const backend = await aStore(context);
  await backend.store.enqueue({ tasks: [aPostgresTask(), aPostgresTask()], atomic: true, now: NOW });
  const [one, two] = await claimAll(backend);
  if (one === undefined || two === undefined) throw new Error("Nothing was claimed.");
  const settle = (lease: Lease, settlement: Settlement) =>
    backend.leases?.settle({ items: [{ lease, settlement }], now: NOW });
  expect(await refusal(() => settle(one, { status: "SUCCESSFUL", output: "\0" }))).toMatchObject(REFUSED);
  expect(await settle(two, failed("\0 \ud800"))).toMatchObject([{ outcome: "applied", status: "FAILED" }]);
  const [record] = await backend.store.get({ ids: [two.id] });
  expect(record?.errors[0]?.message).toBe("\0 \ud800");
  expect(await succeed(backend, one)).toMatchObject({ outcome: "applied" });
});

test("an end that a trigger refuses does not keep the others of its batch from being stored", async (context) => {
  const place = await freshSchema(context);
  const backend = await openMigrated(postgresBackend(place));
  await runSql(
    place,
    `CREATE FUNCTION "${place.schema}".refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
      IF new.output = '"no"' THEN RAISE EXCEPTION 'not this one'; END IF; RETURN new; END$$;
    CREATE TRIGGER refuse BEFORE INSERT ON "${place.schema}".taskwright_finished
      FOR EACH ROW EXECUTE FUNCTION "${place.schema}".refuse()`,
  );
  const t = initTasks.create();
  const echo = t.task.input(z.string()).output(z.string());
  const server = createTaskServer({
    tasks: t.router({ echo }),
    backend,
    logger: silent,
    handlers: { echo: ({ input }) => input },
  });
  const results = await server.client.tasks.echo.enqueueMany(["a", "b", "no", "c", "d"]);
  const worker = createWorker(server);
  onTestFinished(() => worker.stop());
  await worker.start();
  const outputs = results.filter((_, index) => index !== 2).map((result) => result.get({ timeout: "4s" }));
  expect(await Promise.all(outputs)).toEqual(["a", "b", "c", "d"]);
});

test("what is thrown with NUL and lone surrogates ends its attempt, and the worker goes on", async (context) => {
  const place = await freshSchema(context);
  const backend = await openMigrated(postgresBackend(place));
  const t = initTasks.create();
  const server = createTaskServer({
    tasks: t.router({
      fail: t.task.options({ maxRetries: 1, retryDelay: "1ms" }),
      work: t.task.input(z.object({ text: z.string() })).output(z.string()),
    }),
    backend,
    logger: silent,
    handlers: {
      fail: () => {
        const error = new Error("a\0b\ud800c");
        error.name = "Na\0me\udc00";
        error.stack = "st\0ack\ud800";
        throw error;
      },
      work: async ({ input, attempt }) => {
        await attempt.progress({ note: input.text });
        return input.text;
      },
    },
  });
  const { fail, work } = server.client.tasks;
  const failing = await fail.delay();
  const worker = createWorker(server, { interval: "100ms" });
  onTestFinished(() => worker.stop());
  await worker.start();
  await expect(failing.get({ timeout: "4s" })).rejects.toMatchObject({ code: "TASK_FAILED" });
  const { errors } = await failing.refresh();
  expect(errors).toHaveLength(2);
  expect(errors[1]).toMatchObject({
    message: "a\ufffdb\ufffdc",
    exceptionClass: "Na\ufffdme\ufffd",
    stack: "st\ufffdack\ufffd",
  });
  const done = await work
    .using({ deduplicationId: METACHARACTERS, tags: ["'\"\\"] })
    .delay({ text: METACHARACTERS });
  expect(await done.get({ timeout: "4s" })).toBe(METACHARACTERS);
  for (const text of ["\0", "\ud800"])
    await expect(work.delay({ text })).rejects.toMatchObject({ name: "PayloadError" });
});

test("names that cannot be stored are found nowhere", async (context) => {
  const backend = await aStore(context);
  await backend.store.enqueue({ tasks: [aPostgresTask()], atomic: true, now: NOW });
  for (const text of ["\0", "\ud800"]) {
    for (const filter of [{ queue: text }, { path: text }, { tag: text }, { parentId: text }]) {
      const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
      expect(page).toEqual({ records: [], nextCursor: null });
    }
    expect(await backend.store.get({ ids: [text] })).toEqual([null]);
    const request = {
      workerId: "worker",
      tasks: [{ path: "mail.send", lease: LEASE_MS }],
      limit: 1,
      now: NOW,
    };
    expect((await backend.leases?.claim({ ...request, queues: [text] }))?.claimed).toEqual([]);
  }
});
