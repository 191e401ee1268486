import { createTaskServer, NonRetryable } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { createWorker } from "@taskwright/server/worker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EnqueuedMail, enqueueContacts, withoutRepeats } from "./enqueue-contacts.ts";
import type { ContactRow } from "./read-contacts.ts";
import { type Contact, tasks } from "./tasks.ts";
import { countEnded, emptyTally, type Tally, waitForMails } from "./wait-for-mails.ts";

const GO_ON = new AbortController().signal;

function row(line: number, more: Partial<Contact> = {}): ContactRow {
  return {
    line,
    contact: { email: `c${line}@example.com`, name: "C", subject: "Hi", body: "Text", ...more },
  };
}

/** A server whose handler sends to `sent`, or does as the subject says. */
function createServer(sent: string[]) {
  return createTaskServer({
    tasks,
    backend: memoryBackend(),
    logger: false,
    handlers: {
      sendEmail: ({ input, attempt }) => {
        if (input.subject === "never") throw new NonRetryable("550 no such mailbox");
        if (input.subject === "later" && attempt.number === 1) throw new Error("451 busy");
        sent.push(input.email);
        return { messageId: attempt.id };
      },
    },
  });
}

describe("withoutRepeats", () => {
  test("keeps the first of the rows that say the same, and all that differ in anything", () => {
    const rows = [
      row(2, { email: "ann@example.com" }),
      row(3, { email: "ann@example.com" }),
      row(4, { email: "Ann@Example.com", body: "Text\n" }),
      row(5, { email: "ann@example.com", subject: "Hi again" }),
      row(6, { email: "ann@example.com", name: "", subject: "CHi" }),
    ];
    const { distinct, repeats } = withoutRepeats(rows);
    expect(distinct.map(({ line }) => line)).toEqual([2, 5, 6]);
    expect(repeats.map(({ line }) => line)).toEqual([3, 4]);
  });
});

describe("enqueueContacts and waitForMails", () => {
  let sent: string[];
  let server: ReturnType<typeof createServer>;
  let worker: ReturnType<typeof createWorker>;

  beforeEach(async () => {
    sent = [];
    server = createServer(sent);
    worker = createWorker(server, { id: "own" });
    await worker.start();
  });

  afterEach(async () => {
    await worker.stop();
    await server.close();
  });

  async function run(
    rows: readonly ContactRow[],
    // The store's clock and this machine's may differ by a little.
    { since = new Date(Date.now() - 1_000), workerId = "own" } = {},
  ): Promise<Tally> {
    const tally = emptyTally();
    const { mails } = await enqueueContacts(server.client, rows, GO_ON);
    await waitForMails(new Set(mails), { tally, since, workerId, signal: GO_ON, onFinished: () => {} });
    return tally;
  }

  test("a mail per row is sent, more rows than are enqueued at once", async () => {
    const rows = Array.from({ length: 1234 }, (_, index) => row(index + 2));
    expect(await run(rows)).toMatchObject({ sent: 1234, retried: 0, sentBefore: 0 });
    expect(sent.toSorted()).toEqual(rows.map(({ contact }) => contact.email).toSorted());
  });

  test("a second run sends only what is new", async () => {
    await run([row(2), row(3)]);
    await run([row(2), row(3), row(4)]);
    expect(sent.toSorted()).toEqual(["c2@example.com", "c3@example.com", "c4@example.com"]);
  });

  test("what ended before this run began is counted apart", async () => {
    const inAMinute = new Date(Date.now() + 60_000);
    const tally = await run([row(2), row(3)], { since: inAMinute });
    expect(tally).toMatchObject({ sent: 0, sentBefore: 2 });
  });

  test("what the worker of another run sends meanwhile is counted apart", async () => {
    const tally = await run([row(2), row(3)], { workerId: "another" });
    expect(tally).toMatchObject({ sent: 0, sentElsewhere: 2, sentBefore: 0 });
  });

  test("what a lost worker held is counted as taken over, and not as retried", async () => {
    const tally = emptyTally();
    const record = (types: readonly string[], status = "SUCCESSFUL") => ({
      line: 2,
      result: {
        get: async () => ({ messageId: "" }),
        refresh: async () => ({
          status,
          isFinished: true,
          finishedAt: new Date(Date.now() + 1000),
          workerIds: ["lost", "own"],
          errors: types.map((type) => ({ type, message: type })),
        }),
      } as unknown as EnqueuedMail["result"],
    });
    const mails = new Set([
      record(["LEASE_EXPIRED"]),
      record(["EXECUTION_ERROR"]),
      record(["LEASE_EXPIRED", "EXECUTION_ERROR"], "FAILED"),
    ]);
    const wait = { tally, since: new Date(), workerId: "own", onFinished: () => {} };
    await waitForMails(mails, { ...wait, signal: GO_ON });
    expect(tally).toMatchObject({ sent: 2, takenOver: 2, retried: 1 });
  });

  test("what failed is counted by reason with its lines, and tried again by the next run", async () => {
    const rows = [
      row(2),
      row(3, { subject: "never" }),
      row(4, { subject: "never" }),
      row(5, { subject: "later" }),
    ];
    const first = await run(rows);
    expect(first).toMatchObject({ sent: 2, retried: 1 });
    expect([...first.failed].map(([reason, lines]) => [reason, lines.toSorted()])).toEqual([
      ["550 no such mailbox", [3, 4]],
    ]);
    expect((await run(rows)).failed.get("550 no such mailbox")).toHaveLength(2);
    expect(sent).toHaveLength(2);
  });

  test("a row too large for a task is reported by line, and the others are sent", async () => {
    const { mails, badRows } = await enqueueContacts(
      server.client,
      [row(2), row(3, { body: "x".repeat(300_000) }), row(4, { body: "a\0b" })],
      GO_ON,
    );
    expect(mails.map(({ line }) => line)).toEqual([2]);
    expect(badRows).toEqual([
      { line: 3, reason: expect.stringMatching(/too large|at most|KB|bytes/i) },
      { line: 4, reason: expect.stringContaining("body") },
    ]);
  });

  test("an abort ends both; what ended after it is counted when it is asked for", async () => {
    const stop = new AbortController();
    const rows = [row(2), row(3, { subject: "later" })];
    const enqueued = await enqueueContacts(server.client, rows, GO_ON);
    const mails = new Set(enqueued.mails);
    const tally = emptyTally();
    const how: string[] = [];
    const wait = {
      tally,
      since: new Date(0),
      workerId: "own",
      onFinished: (end: string) => void how.push(end),
    };
    stop.abort("Interrupted.");
    const waiting = waitForMails(mails, { ...wait, signal: stop.signal });
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    await enqueued.mails[0]?.result.get();
    await countEnded(mails, wait);
    expect({ sent: tally.sent, how, left: [...mails].map(({ line }) => line) }).toEqual({
      sent: 1,
      how: ["sent"],
      left: [3],
    });
    await expect(enqueueContacts(server.client, [row(3)], stop.signal)).rejects.toBe("Interrupted.");
  });
});
