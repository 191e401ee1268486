import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import {
  freshDatabase,
  type MariadbPlace,
  onClient,
  openOn,
  runOnMariadb,
} from "../../../../../test/harness/mariadb-store.ts";
import { aPostgresTask as aTask, claimAll } from "../../../../../test/harness/postgres-store.ts";
import { NOW, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { TcpProxy } from "../../../../../test/harness/tcp-proxy.ts";

/** A way to the server that can be cut, and its URL. */
async function cuttable({ url }: MariadbPlace): Promise<{ readonly proxy: TcpProxy; readonly url: string }> {
  const own = new URL(url);
  const proxy = await TcpProxy.open({ host: own.hostname, port: Number(own.port || 3306) });
  onTestFinished(() => proxy.close());
  own.port = String(proxy.port);
  return { proxy, url: own.href };
}

/** Makes every statement that adds to a table take its time, so that a test can act while it runs. */
function slowDown(place: MariadbPlace, table: "due" | "running"): Promise<unknown> {
  return runOnMariadb(
    place,
    `CREATE TRIGGER slow BEFORE INSERT ON taskwright_${table} FOR EACH ROW SET @slow = SLEEP(0.4)`,
  );
}

/** Waits until a statement on the test's tables has been slowed down. */
async function untilSlow({ url, database }: MariadbPlace): Promise<void> {
  const sleeping = `SELECT 1 FROM information_schema.processlist WHERE db = '${database}' AND state = 'User sleep'`;
  for (let looks = 0; looks < 400; looks++) {
    if ((await runOnMariadb({ url }, sleeping)).length > 0) return;
    await pause(10);
  }
  throw new Error("No statement was slowed down.");
}

test.for([
  ["without a key", {}],
  ["with a deduplication key", { deduplication: { key: "one", until: NOW + 60_000 } }],
] as const)(
  "an enqueue %s whose connection is cut before its end is stored once, and resolves",
  async ([, given], context) => {
    const place = await freshDatabase(context);
    const { proxy, url } = await cuttable(place);
    const backend = await openOn(url);
    await slowDown(place, "due");
    const task = aTask(given);
    const enqueued = backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
    await untilSlow(place);
    proxy.breakConnections();
    expect(await enqueued).toEqual([{ outcome: "stored" }]);
    expect((await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
  },
);

test("an enqueue whose connection is cut at its commit is stored once, and resolves", async (context) => {
  const place = await freshDatabase(context);
  const { proxy, url } = await cuttable(place);
  const { client, backend } = await onClient(url);
  await backend.schema?.migrate();
  await backend.open();
  // The commit is carried out, and its answer gets lost.
  const transaction = client.$transaction.bind(client);
  let cuts = 0;
  client.$transaction = async (run, options) => {
    const result = await transaction(run, options);
    if (cuts++ > 0) return result;
    proxy.breakConnections();
    throw Object.assign(new Error("cut"), { cause: { originalCode: "45009" } });
  };
  const tasks = [aTask(), aTask({ deduplication: { key: "one", until: NOW + 60_000 } })];
  expect(await backend.store.enqueue({ tasks, atomic: true, now: NOW })).toEqual([
    { outcome: "stored" },
    { outcome: "stored" },
  ]);
  expect(cuts).toBeGreaterThan(1);
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
});

test("an enqueue whose store stays away after its connection was cut rejects within seconds", async (context) => {
  const place = await freshDatabase(context);
  const { proxy, url } = await cuttable(place);
  const backend = await openOn(url, {}, { acquireTimeout: 1_000 });
  await slowDown(place, "due");
  const enqueued = refusal(() => backend.store.enqueue({ tasks: [aTask()], atomic: true, now: NOW }));
  await untilSlow(place);
  proxy.cut();
  expect(await enqueued).toMatchObject({ code: "BACKEND_UNAVAILABLE", retryable: true });
}, 15_000);

test("a claim whose connection is cut takes nothing, and is not repeated by the store", async (context) => {
  const place = await freshDatabase(context);
  const { proxy, url } = await cuttable(place);
  const backend = await openOn(url);
  const task = aTask();
  await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
  await slowDown(place, "running");
  const claimed = refusal(() => claimAll(backend));
  await untilSlow(place);
  proxy.breakConnections();
  expect((await claimed).code).toBe("BACKEND_UNAVAILABLE");
  await runOnMariadb(place, "DROP TRIGGER slow");
  await expect.poll(async () => (await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
});

test("transactions that deadlock with others are run again", async (context) => {
  const place = await freshDatabase(context);
  const { client, backend } = await onClient(place.url);
  await backend.schema?.migrate();
  await backend.open();
  const transaction = client.$transaction.bind(client);
  let tries = 0;
  client.$transaction = (run, options) => {
    tries += 1;
    if (tries > 4) return transaction(run, options);
    const originalCode = tries % 2 === 0 ? "1205" : "1213";
    return Promise.reject(Object.assign(new Error("conflict"), { cause: { originalCode } }));
  };
  const tasks = [aTask()];
  expect(await backend.store.enqueue({ tasks, atomic: true, now: NOW })).toEqual([{ outcome: "stored" }]);
  expect(tries).toBe(5);
});
