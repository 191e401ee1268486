// Runs the example as a user does, on a database of its own on a real server.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { createWorker } from "@taskwright/server/worker";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { onPostgres } from "../../test/harness/postgres-schema.ts";
import { findService, skipUnlessFound } from "../../test/harness/services.ts";
import { type Database, openDatabase } from "./database.ts";
import { makeTables } from "./make-tables.ts";
import { OutOfStockError, placeOrder } from "./place-order.ts";
import { createServer, type Mailer } from "./server.ts";

const service = await findService("postgres");

async function freshDatabase(context: TestContext): Promise<string> {
  skipUnlessFound(context, service, "the example examples/prisma-postgres");
  const name = `tw_shop_${randomBytes(6).toString("hex")}`;
  const { location } = service;
  await onPostgres(location, (client) => client.query(`CREATE DATABASE ${name}`));
  onTestFinished(async () => {
    await onPostgres(location, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  });
  const url = new URL(location);
  url.pathname = `/${name}`;
  return url.href;
}

async function openShop(context: TestContext): Promise<Database> {
  const database = openDatabase(await freshDatabase(context));
  onTestFinished(() => database[Symbol.asyncDispose]());
  await makeTables(database);
  return database;
}

const nothing = async () => {};

test("npm start places the orders it can and mails an invoice for each, again and again", async (context) => {
  const url = await freshDatabase(context);
  for (const invoices of [2, 4]) {
    const { stdout } = await promisify(execFile)(process.execPath, ["start.ts"], {
      cwd: import.meta.dirname,
      env: { ...process.env, DATABASE_URL: url },
    });
    expect(stdout).toMatch(/^order \d+ of ann@example\.com is saved, and its invoice task [0-9a-f-]{36}$/m);
    expect(stdout).toContain("no order and no task: nothing left for bob@example.com\n");
    expect(stdout).toContain("mail to ann@example.com: ann@example.com owes 59.97\n");
    expect(stdout).toContain("mail to cy@example.com: cy@example.com owes 19.99\n");
    expect(stdout).toContain(`${invoices} invoices are in the database\n`);
  }
});

test("without DATABASE_URL it says what to set", async () => {
  const { DATABASE_URL: _, ...env } = process.env;
  const run = promisify(execFile)(process.execPath, ["start.ts"], { cwd: import.meta.dirname, env });
  await expect(run).rejects.toMatchObject({ stderr: expect.stringContaining("Set DATABASE_URL") });
});

test("an order that fails after its task was enqueued leaves neither", async (context) => {
  const database = await openShop(context);
  const server = createServer(database, { send: nothing });
  onTestFinished(() => server.close());
  const placed = placeOrder(database.prisma, server.client, {
    order: { customer: "ann@example.com", cents: 1 },
    reserve: () => Promise.reject(new OutOfStockError()),
  });
  await expect(placed).rejects.toBeInstanceOf(OutOfStockError);
  expect(await database.prisma.order.count()).toBe(0);
  expect((await server.client.results.list()).results).toEqual([]);
});

test("an invoice whose handler fails after writing it is written once, and mailed once", async (context) => {
  const database = await openShop(context);
  const mails: string[] = [];
  const retries: string[] = [];
  const mailer: Mailer = { send: async ({ text }) => void mails.push(text) };
  const server = createServer(database, mailer, { logger: false });
  const worker = createWorker(server, { concurrency: 2 });
  onTestFinished(async () => {
    await worker.stop();
    await server.close();
  });
  server.events.on("retrying", ({ path }) => retries.push(path));
  // The database itself fails the first attempt, at its commit.
  await database.pool.query(`
    CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('attempts') = 1 THEN RAISE EXCEPTION 'no luck'; END IF;
      RETURN NULL;
    END $$;
    CREATE SEQUENCE attempts;
    CREATE CONSTRAINT TRIGGER fail_once AFTER INSERT ON "invoice" DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION fail_once();
  `);
  await worker.start();
  const { invoice } = await placeOrder(database.prisma, server.client, {
    order: { customer: "ann@example.com", cents: 1050 },
    reserve: nothing,
  });
  const { invoiceId } = await invoice.get({ timeout: "20s" });
  const { results } = await server.client.results.list({ task: "billing.mailInvoice" });
  expect(results).toHaveLength(1);
  await server.client.tasks.billing.mailInvoice.result(results[0]?.id ?? "").get({ timeout: "20s" });
  expect(mails).toEqual(["ann@example.com owes 10.50"]);
  expect(await database.prisma.invoice.findMany({ select: { id: true } })).toEqual([{ id: invoiceId }]);
  expect(retries).toEqual(["billing.invoice"]);
});
