import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { startPostgres } from "../../../../../test/harness/postgres-server.ts";
import { aPostgresTask, claimAll, openMigrated, runSql } from "../../../../../test/harness/postgres-store.ts";
import { skipWithReason } from "../../../../../test/harness/services.ts";
import { NOW, refusal, temporaryFolder } from "../../../../../test/harness/sqlite-store.ts";
import { postgresBackend } from "./index.ts";

/**
 * Makes a tablespace on a disk of a few megabytes, where this process may mount one for it; on a server of the test's own,
 * as one whose tablespace has lost its disk does not start again.
 */
async function smallTablespace(
  context: TestContext,
): Promise<{ readonly url: string; readonly name: string }> {
  const { url } = await startPostgres(context);
  const name = `tw_small_${randomBytes(6).toString("hex")}`;
  const parent = temporaryFolder();
  const folder = join(parent, "disk");
  mkdirSync(folder);
  chmodSync(parent, 0o711);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], { stdio: "ignore" });
    onTestFinished(() => void execFileSync("umount", ["-l", folder], { stdio: "ignore" }));
    execFileSync("chown", ["postgres", folder], { stdio: "ignore" });
    await runSql({ url }, `CREATE TABLESPACE ${name} LOCATION '${folder}'`);
  } catch {
    skipWithReason(context, {
      subject: "postgres",
      reason: "only root may mount a small disk, and only for a server that runs as postgres",
      untested: context.task.name,
    });
  }
  return { url, name };
}

test("a full disk refuses what does not fit and says so, keeps what was acknowledged, and serves again with space", {
  timeout: 60_000,
}, async (context) => {
  const { url: server, name } = await smallTablespace(context);
  const url = new URL(server);
  url.searchParams.set("options", `-c default_tablespace=${name}`);
  const place = { url: server };
  const backend = await openMigrated(postgresBackend({ url: url.href }));
  await runSql(
    { url: url.href },
    "CREATE TABLE ballast AS SELECT repeat('x', 1000) FROM generate_series(1, 1000)",
  );
  const stored: string[] = [];
  const fill = async () => {
    for (;;) {
      // What compresses well would never fill it.
      const task = aPostgresTask({ input: JSON.stringify(randomBytes(30_000).toString("base64")) });
      await backend.store.enqueue({ tasks: [task], atomic: true, now: NOW });
      stored.push(task.id);
    }
  };
  expect(await refusal(fill)).toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "PostgreSQL: its disk is full; nothing was stored; free some space (53100).",
    retryable: true,
  });
  expect(stored.length).toBeGreaterThan(5);
  const records = await backend.store.get({ ids: stored });
  expect(records.map((record) => record?.id)).toEqual(stored);
  await runSql(place, "DROP TABLE ballast");
  const late = aPostgresTask();
  await backend.store.enqueue({ tasks: [late], atomic: true, now: NOW });
  expect((await claimAll(backend)).map(({ id }) => id)).toEqual([...stored, late.id]);
});
