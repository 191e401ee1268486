import { PassThrough } from "node:stream";
import { initTasks } from "@taskwright/shared";
import { expect, test } from "vitest";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import type { CliIo } from "./cli-io.ts";
import { purgeWithProgress } from "./purge-progress.ts";

const COUNT = 25;

async function purged(parts: {
  isTTY: boolean;
  batchSize: number;
}): Promise<{ count: number; shown: string }> {
  const t = initTasks.create();
  const tasks = t.router({ ping: t.task });
  await using server = createTaskServer({
    tasks,
    backend: memoryBackend(),
    handlers: { ping: () => undefined },
  });
  const results = await server.client.tasks.ping.enqueueMany(Array.from({ length: COUNT }, () => undefined));
  await Promise.all(results.map((result) => result.cancel()));
  const stderr = Object.assign(new PassThrough(), { isTTY: parts.isTTY, columns: 80 });
  const io = { stderr } as unknown as CliIo;
  const count = await purgeWithProgress(io, server, {
    days: 0,
    status: "CANCELLED",
    batchSize: parts.batchSize,
  });
  return { count, shown: String(stderr.read() ?? "") };
}

test("a purge of several batches shows a bar in a terminal, up to its end", async () => {
  const { count, shown } = await purged({ isTTY: true, batchSize: 10 });
  expect(count).toBe(COUNT);
  expect(shown).toContain("░ 0 % | 0 of 25 deleted");
  expect(shown).toContain("█ 100 % | 25 of 25 deleted");
});

test("a purge of one batch shows none", async () => {
  expect(await purged({ isTTY: true, batchSize: 100 })).toEqual({ count: COUNT, shown: "" });
});

test("outside a terminal there is none", async () => {
  expect(await purged({ isTTY: false, batchSize: 10 })).toEqual({ count: COUNT, shown: "" });
});
