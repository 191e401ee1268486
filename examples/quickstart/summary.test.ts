import { expect, test } from "vitest";
import { readSettings } from "./settings.ts";
import type { Run } from "./summary.ts";
import { summaryLines } from "./summary.ts";
import { emptyTally } from "./wait-for-mails.ts";

function row(line: number) {
  return { line, contact: { email: "ann@example.com", name: "", subject: "", body: "" } };
}

function run(more: Partial<Run> = {}): Run {
  return {
    sending: { tally: { ...emptyTally(), sent: 2 }, badRows: [], seconds: 0.5 },
    settings: readSettings({ QUICKSTART_DIR: "/tmp/q" }),
    distinct: [row(2), row(3)],
    repeats: [],
    badRows: [],
    ...more,
  };
}

test("a run without incidents is told in five lines", () => {
  expect(summaryLines(run())).toEqual([
    "Sent           2 in 0.5 s, 4 mails/s",
    "Retried        0",
    "Failed         0",
    "Mails          /tmp/q/outbox (a file per mail)",
    "Task results   /tmp/q/taskwright.db",
  ]);
});

test("whatever went another way is counted, with its lines", () => {
  const lines = Array.from({ length: 12 }, (_, index) => index + 4);
  const tally = {
    sent: 1,
    retried: 1,
    takenOver: 3,
    sentBefore: 1,
    sentElsewhere: 2,
    failed: new Map([
      ["no such mailbox", lines],
      ["busy", [20]],
    ]),
  };
  const summary = summaryLines(
    run({
      sending: { tally, badRows: [{ line: 30, reason: "too large" }], seconds: 2 },
      settings: readSettings({ QUICKSTART_DIR: "/tmp/q", SMTP_URL: "smtp://user:secret@mail.example.com" }),
      distinct: Array.from({ length: 20 }, (_, index) => row(index + 2)),
      repeats: [row(40)],
      badRows: [{ line: 41, reason: "no address" }],
    }),
  );
  expect(summary).toEqual([
    "Sent           1 in 2.0 s, 1 mail/s",
    "Retried        1",
    "Taken over     3, from a worker that was lost",
    "Failed         13: run the same command again to try them again",
    "  no such mailbox (lines 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 2 more)",
    "  busy (line 20)",
    "Sent before    1, by an earlier run",
    "Sent elsewhere 2, by another run at the same time",
    "Repeated rows  1, not sent again (line 40)",
    "Bad rows       2, see above",
    "Not sent yet   2: run the same command again",
    "Mails          sent to mail.example.com",
    "Task results   /tmp/q/taskwright-mail.example.com.db (without it everything is sent again)",
  ]);
});
