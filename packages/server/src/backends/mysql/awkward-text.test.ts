import { expect, type TestContext, test } from "vitest";
import { freshDatabase, openOn } from "../../../../../test/harness/mariadb-store.ts";
import { aPostgresTask as aTask, claimAll } from "../../../../../test/harness/postgres-store.ts";
import { LEASE_MS, NOW, refusal, succeed } from "../../../../../test/harness/sqlite-store.ts";
import type { Backend, NewTask, Settlement } from "../../backend/index.ts";

const METACHARACTERS = `'; DROP TABLE \`taskwright_task\`; -- ? :x @y \\ \\' \\u0000 %s {"a":[null]} \u{1f600}\u2028 `;
const REFUSED = { code: "BACKEND_INCOMPATIBLE", retryable: false };

async function aStore(context: TestContext): Promise<Backend> {
  return openOn((await freshDatabase(context)).url);
}

function failed(message: string): Settlement {
  const error = {
    type: "ERROR",
    exceptionClass: message,
    message,
    stack: message,
    attempt: 1,
    workerId: message,
  };
  return { status: "FAILED", error: { ...error, at: new Date(NOW).toISOString() } as never, started: true };
}

function claimFrom(backend: Backend, queue: string, path = "mail.send") {
  const tasks = [{ path, lease: LEASE_MS }];
  return backend.leases?.claim({ workerId: path, tasks, queues: [queue], limit: 10, now: NOW });
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
  const [task, again] = [aTask(given), aTask(given)];
  expect(await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW })).toEqual([
    { outcome: "stored" },
  ]);
  expect(await backend.store.enqueue({ tasks: [again], atomic: true, now: NOW })).toEqual([
    { outcome: "deduplicated", id: task.id, status: "READY" },
  ]);
  const [lease] = (await claimFrom(backend, text, text))?.claimed ?? [];
  if (lease === undefined) throw new Error("Nothing was claimed.");
  await backend.leases?.progress({ items: [{ lease, progress: JSON.stringify(text) }], now: NOW });
  await backend.leases?.settle({ items: [{ lease, settlement: failed(text) }], now: NOW });
  await backend.store.requeue({ id: task.id, runAfter: NOW, rank: NOW, now: NOW });
  const filter = { queue: text, path: text, tag: text, parentId: text };
  const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
  expect(page?.records).toMatchObject([
    {
      id: task.id,
      status: "READY",
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

test("text that collations take for the same is not the same", async (context) => {
  const backend = await aStore(context);
  const alike = ["a", "A", "a ", "á", "ａ"];
  const tasks = alike.map((text) =>
    aTask({
      queue: text,
      path: text,
      tags: [text],
      parentId: text,
      deduplication: { key: text, until: NOW + 1_000 },
    }),
  );
  const outcomes = await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  expect(outcomes).toEqual(alike.map(() => ({ outcome: "stored" })));
  const counts = await backend.inspector?.countByQueue({ now: NOW });
  expect(counts?.map(({ queue, due }) => [queue, due]).sort()).toEqual(alike.map((text) => [text, 1]).sort());
  for (const [index, text] of alike.entries()) {
    const id = tasks[index]?.id;
    for (const filter of [{ queue: text }, { path: text }, { tag: text }, { parentId: text }]) {
      const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
      expect(
        page?.records.map((record) => record.id),
        JSON.stringify(filter),
      ).toEqual([id]);
    }
    const answer = await claimFrom(backend, text, text);
    expect(answer?.claimed.map((claimed) => claimed.id)).toEqual([id]);
  }
});

test("a megabyte in each payload comes back whole, and a batch may be larger than what the server takes at once", async (context) => {
  const backend = await aStore(context);
  const big = JSON.stringify(`${METACHARACTERS}\n`.repeat(12_500));
  expect(big.length).toBeGreaterThan(1_000_000);
  const tasks = Array.from({ length: 20 }, () => aTask({ input: big }));
  tasks.push(aTask({ input: big, policy: big, tags: [big] }));
  await backend.store.enqueue({ tasks, atomic: true, now: NOW });
  const claimed = await claimAll(backend);
  expect(claimed.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
  const lease = claimed.at(-1);
  if (lease === undefined) throw new Error("Nothing was claimed.");
  expect(lease.input === big && lease.tags[0] === big && lease.policy === big).toBe(true);
  await backend.leases?.progress({ items: [{ lease, progress: big }], now: NOW });
  const settlement: Settlement = { status: "SUCCESSFUL", output: big };
  const items = claimed.map((held) => ({ lease: held, settlement }));
  const outcomes = await backend.leases?.settle({ items, now: NOW });
  expect(outcomes).toEqual(items.map(() => ({ outcome: "applied", status: "SUCCESSFUL" })));
  const [record] = await backend.store.get({ ids: [lease.id] });
  expect(record?.output === big && record.progress === big).toBe(true);
}, 30_000);

test.for<[string, Partial<NewTask>]>([
  ["a NUL in its input", { input: "\0" }],
  ["a lone surrogate in its queue", { queue: "\ud800" }],
  ["a queue that no index holds", { queue: "q".repeat(401) }],
  ["a path that no index holds", { path: "ä".repeat(401) }],
  ["the id of a parent that no column holds", { parentId: "p".repeat(256) }],
  ["an id that is no UUID", { id: "1" }],
  ["an input that the server does not let through", { input: "x".repeat(17_000_000) }],
])("a task with %s is refused alone", { timeout: 15_000 }, async ([, given], context) => {
  const backend = await aStore(context);
  const [good, bad, other] = [aTask(), aTask(given), aTask()];
  const outcomes = await backend.store.enqueue({ tasks: [good, bad, other], atomic: false, now: NOW });
  expect(outcomes).toMatchObject([
    { outcome: "stored" },
    { outcome: "failed", error: REFUSED },
    { outcome: "stored" },
  ]);
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([good.id, other.id]);
  await refusal(() => backend.store.enqueue({ tasks: [aTask(), bad], atomic: true, now: NOW }));
  expect(await claimAll(backend)).toEqual([]);
});

test("an end that cannot be stored is refused as not to be tried again, and its attempt goes on", async (context) => {
  const backend = await aStore(context);
  await backend.store.enqueue({ tasks: [aTask(), aTask()], atomic: true, now: NOW });
  const [one, two] = await claimAll(backend);
  if (one === undefined || two === undefined) throw new Error("Nothing was claimed.");
  const settle = (lease: typeof one, settlement: Settlement) =>
    backend.leases?.settle({ items: [{ lease, settlement }], now: NOW });
  expect(await refusal(() => settle(one, { status: "SUCCESSFUL", output: "\0" }))).toMatchObject(REFUSED);
  expect(await settle(two, failed("\0 \ud800"))).toMatchObject([{ outcome: "applied", status: "FAILED" }]);
  const [record] = await backend.store.get({ ids: [two.id] });
  expect(record?.errors[0]?.message).toBe("\0 \ud800");
  expect(await succeed(backend, one)).toMatchObject({ outcome: "applied" });
});

test("names that cannot be stored are found nowhere", async (context) => {
  const backend = await aStore(context);
  await backend.store.enqueue({ tasks: [aTask()], atomic: true, now: NOW });
  for (const text of ["\0", "\ud800"]) {
    for (const filter of [{ queue: text }, { path: text }, { tag: text }, { parentId: text }]) {
      const page = await backend.inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
      expect(page).toEqual({ records: [], nextCursor: null });
    }
    expect(await backend.store.get({ ids: [text] })).toEqual([null]);
    expect((await claimFrom(backend, text))?.claimed).toEqual([]);
  }
});
