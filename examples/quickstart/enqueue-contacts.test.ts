import { createTaskServer, NonRetryable } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { createWorker } from "@taskwright/server/worker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { enqueueContacts, withoutRepeats } from "./enqueue-contacts.ts";
import type { ContactRow } from "./read-contacts.ts";
import { type Contact, tasks } from "./tasks.ts";
import { emptyTally, type Tally, waitForMails } from "./wait-for-mails.ts";

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
    worker = createWorker(server);
    await worker.start();
  });

  afterEach(async () => {
    await worker.stop();
    await server.close();
  });

  async function run(rows: readonly ContactRow[], since = new Date()): Promise<Tally> {
    const tally = emptyTally();
    const { mails } = await enqueueContacts(server.client, rows, GO_ON);
    await waitForMails(mails, { tally, since, signal: GO_ON, onFinished: () => {} });
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
    expect(await run([row(2), row(3)], inAMinute)).toMatchObject({ sent: 0, sentBefore: 2 });
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

  test("an abort ends both", async () => {
    const stop = new AbortController();
    const { mails } = await enqueueContacts(server.client, [row(2, { subject: "later" })], GO_ON);
    const waiting = waitForMails(mails, {
      tally: emptyTally(),
      since: new Date(),
      signal: stop.signal,
      onFinished: () => {},
    });
    stop.abort("Interrupted.");
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    await expect(enqueueContacts(server.client, [row(3)], stop.signal)).rejects.toBe("Interrupted.");
  });
});
