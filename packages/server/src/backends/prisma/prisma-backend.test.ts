import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { onPostgres } from "../../../../../test/harness/postgres-schema.ts";
import { aPostgresTask, claimAll, freshSchema } from "../../../../../test/harness/postgres-store.ts";
import { prismaOn } from "../../../../../test/harness/prisma/generated-client.ts";
import { prismaBackend } from "./prisma-backend.ts";

async function clientOn(url: string) {
  const client = await prismaOn(url);
  onTestFinished(() => client.$disconnect());
  return client;
}

function poolOn(url: string, max = 4): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  onTestFinished(() => pool.end());
  return pool;
}

async function otherDatabase(context: TestContext): Promise<{ url: string; schema: string; other: string }> {
  const { url, schema } = await freshSchema(context);
  const name = `tw_other_${randomBytes(6).toString("hex")}`;
  await onPostgres(url, (client) => client.query(`CREATE DATABASE ${name}`));
  onTestFinished(async () => {
    await onPostgres(url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  });
  const other = new URL(url);
  other.pathname = `/${name}`;
  return { url, schema, other: other.href };
}

test("a pool to another database than the client's is refused, although that has tables too", async (context) => {
  const { url, schema, other } = await otherDatabase(context);
  await onPostgres(other, (client) => client.query(`CREATE SCHEMA "${schema}"`));
  await prismaBackend(await clientOn(url), { schema }).schema?.migrate();
  await prismaBackend(await clientOn(other), { schema }).schema?.migrate();
  const backend = prismaBackend(await clientOn(url), { schema, pool: poolOn(other) });
  await expect(backend.open()).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("the pool leads to another database than the client"),
  });
});

test("with a pool, what a transaction of the client enqueued is claimed through the pool", async (context) => {
  const { url, schema } = await freshSchema(context);
  const client = await clientOn(url);
  const backend = prismaBackend(client, { schema, pool: poolOn(url) });
  await backend.schema?.migrate();
  await backend.open();
  onTestFinished(() => backend.close());
  const task = aPostgresTask();
  await client.$transaction(async (transaction) => {
    await backend.transactions?.enqueue({ transaction, tasks: [task], atomic: false, now: task.enqueuedAt });
    expect(await claimAll(backend)).toEqual([]);
  });
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([task.id]);
});

test.for(["mariadb", "mysql", "sqlite"] as const)(
  "a provider that the client does not lead to, %s, is refused",
  async (provider, context) => {
    const { url } = await freshSchema(context);
    const client = await clientOn(url);
    expect(() => prismaBackend(client, { provider })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: `provider is "${provider}", but the client leads to postgresql; leave provider out.`,
      }),
    );
  },
);

test("a pool of one connection does not listen, so that nothing waits for it", async (context) => {
  const { url, schema } = await freshSchema(context);
  const backend = prismaBackend(await clientOn(url), { schema, pool: poolOn(url, 1) });
  await backend.schema?.migrate();
  await backend.open();
  onTestFinished(() => backend.close());
  const stop = backend.wakeups?.watchReady({ queues: "all", wake: () => {} });
  await backend.store.enqueue({ tasks: [aPostgresTask()], atomic: false, now: Date.now() });
  expect(await claimAll(backend)).toHaveLength(1);
  expect(await backend.diagnose()).toContainEqual(
    expect.objectContaining({ level: "warning", message: expect.stringContaining("none can LISTEN") }),
  );
  stop?.();
});
