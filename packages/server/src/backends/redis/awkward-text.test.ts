import { expect, test } from "vitest";
import { opened } from "../../../../../test/harness/redis-calls.ts";
import { startRedis } from "../../../../../test/harness/redis-process.ts";
import { aTask, NOW } from "../../../../../test/harness/sqlite-store.ts";
import { redisBackend } from "./index.ts";

const PATIENCE = { timeout: 60_000 };

const NAMES: readonly string[] = [
  "with space",
  "with:colon:",
  ":9:mail",
  "{braces}",
  "}{",
  "{taskwright:1}:x",
  "*?[a]\\",
  "=",
  "-1",
  "\u0001\u0002",
  "\r\n",
  "ünïcödé 😀",
  "%d %s %1",
  "n".repeat(2_000),
];

test(
  "an input of every character comes back as it was, from the claim and from the record",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const backend = await opened(redisBackend({ url: server.url }));
    // U+0000 and lone surrogates are refused before, on every backend.
    const codes = Array.from({ length: 0x10_ffff }, (_, index) => index + 1);
    const every = codes.filter((code) => code < 0xd800 || code > 0xdfff);
    const bytes = String.fromCodePoint(...every.slice(0, 255));
    const texts = [bytes, bytes.repeat(100)];
    for (let from = 0; from < every.length; from += 60_000)
      texts.push(String.fromCodePoint(...every.slice(from, from + 60_000)));
    const tasks = texts.map((text) =>
      aTask({ input: text, policy: text.slice(0, 300), tags: [text.slice(0, 300)] }),
    );
    await backend.store.enqueue({ tasks, atomic: true, now: NOW });
    const answer = await backend.leases?.claim({
      workerId: bytes,
      tasks: [{ path: "mail.send", lease: 60_000 }],
      queues: "all",
      limit: 100,
      now: NOW,
    });
    const claimed = answer?.claimed ?? [];
    expect(claimed.map(({ input }) => input === texts[0])).toHaveLength(texts.length);
    for (const [index, text] of texts.entries())
      expect(claimed[index]?.input === text, `text ${index}`).toBe(true);
    const items = claimed.map((lease, index) => ({
      lease,
      settlement: { status: "SUCCESSFUL", output: texts[index] ?? null } as const,
    }));
    await backend.leases?.settle({ items, now: NOW });
    const records = await backend.store.get({ ids: tasks.map(({ id }) => id) });
    for (const [index, text] of texts.entries()) {
      const record = records[index];
      expect(record?.input === text && record.output === text, `text ${index}`).toBe(true);
      expect(record).toMatchObject({
        workerIds: [bytes],
        policy: text.slice(0, 300),
        tags: [text.slice(0, 300)],
      });
    }
  },
);

test(
  "queues and paths of any name are kept apart, claimed, listed and counted",
  PATIENCE,
  async (context) => {
    const server = await startRedis(context);
    const backend = await opened(redisBackend({ url: server.url }));
    const tasks = NAMES.flatMap((path) => NAMES.map((queue) => aTask({ path, queue })));
    await backend.store.enqueue({ tasks, atomic: true, now: NOW });
    const counts = await backend.inspector?.countByQueue({ now: NOW });
    expect(counts?.map(({ queue, due }) => [queue, due])).toEqual(
      [...NAMES].sort().map((name) => [name, NAMES.length]),
    );
    const page = await backend.inspector?.list({
      filter: { queue: "with:colon:", path: ":9:mail" },
      cursor: null,
      offset: 0,
      limit: 5,
    });
    expect(page?.records.map(({ path, queue }) => [path, queue])).toEqual([[":9:mail", "with:colon:"]]);
    for (const queue of NAMES) {
      for (const path of NAMES) {
        const answer = await backend.leases?.claim({
          workerId: "worker",
          tasks: [{ path, lease: 60_000 }],
          queues: [queue],
          limit: 5,
          now: NOW,
        });
        expect(answer?.claimed.map((one) => [one.path, one.queue])).toEqual([[path, queue]]);
        for (const lease of answer?.claimed ?? []) {
          const settlement = { status: "SUCCESSFUL", output: null } as const;
          await backend.leases?.settle({ items: [{ lease, settlement }], now: NOW });
        }
      }
    }
    const request = {
      statuses: ["SUCCESSFUL"],
      finishedBefore: NOW,
      limit: 1_000,
      dryRun: false,
      now: NOW,
    } as const;
    expect((await backend.maintenance?.purge(request))?.purged).toBe(tasks.length);
    expect(
      ((await server.cli("keys", "*:*:*")) as string[]).filter((key) =>
        /(task|open|ready|sources):/.test(key),
      ),
    ).toEqual([]);
  },
);
