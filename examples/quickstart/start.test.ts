// Runs the example as a user does, in processes of its own.
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test, vi } from "vitest";
import { skipWithReason } from "../../test/harness/services.ts";
import { startSmtpTestServer } from "./smtp-test-server.ts";
import { addresses, isAlive, type Started, Trial, until, workerPidOf } from "./trial.ts";

vi.setConfig({ testTimeout: 90_000 });

const SHIPPED = join(import.meta.dirname, "contacts.csv");

function skipUnlessLinux(context: TestContext): void {
  if (process.platform === "linux") return;
  skipWithReason(context, {
    subject: "quickstart",
    reason: "the worker's process id is read from /proc",
    untested: "mails are sent once when a process is killed midway",
  });
}

describe.concurrent("the file that ships with it", () => {
  test("becomes 200 mails; a second run writes nothing", async ({ expect }) => {
    await using trial = await Trial.make();
    const first = await trial.run(SHIPPED);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/^Sent +200 in [\d.]+ s, \d+ mails\/s$/m);
    expect(first.stdout).toMatch(/^Failed +0$/m);
    expect(first.stdout).toContain(trial.outbox);
    const names = await trial.mailFiles();
    expect(names.filter((name) => name.endsWith(".eml"))).toHaveLength(200);
    const times = async () =>
      Promise.all(names.map(async (name) => (await stat(join(trial.outbox, name))).mtimeMs));
    const written = await times();

    const second = await trial.run(SHIPPED);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toMatch(/^Sent before +200/m);
    expect(await trial.mailFiles()).toEqual(names);
    expect(await times()).toEqual(written);
  });
});

describe.concurrent("a file with faults", () => {
  test("loses the bad rows only, and says which", async ({ expect }) => {
    await using trial = await Trial.make();
    const rows = [
      "c0@example.com,C,Hi,Text",
      ",Nobody,Hi,Text",
      'bad@example.com,Bad,Hi,"not closed',
      "c1@example.com,C,Hi,Text",
      `big@example.com,Big,Hi,${"x".repeat(300_000)}`,
      "c0@example.com,C,Hi,Text",
      'bad@example.com,Bad,"Hi\nBcc: c9@example.com",Text',
      "c2@example.com,C,Hi,Text",
    ];
    const file = await trial.writeCsv(["email,name,subject,body", ...rows].join("\r\n"));
    const { code, stdout } = await trial.run(file);
    expect(await trial.recipients()).toEqual(addresses(3));
    expect(stdout).toContain("line 3: no address");
    expect(stdout).toContain("line 4: a quote is opened here and not closed");
    expect(stdout).toMatch(/line 6: .*262144 bytes/);
    expect(stdout).toContain("line 8: the subject contains a line break");
    expect(stdout).toMatch(/^Repeated rows +1, .*line 7/m);
    expect(stdout).toMatch(/^Bad rows +4/m);
    expect(code).toBe(0);
  });

  test.for([
    ["has bad rows only", "email,name,subject,body\n,A,B,C\n", "No row of the file can be used."],
    ["has no rows", "email,name,subject,body\n", "The file has a header and no rows."],
    ["lacks a column", "email,name,subject\nc0@example.com,C,Hi\n", "The header lacks body"],
  ] as const)("is refused in one line when it %s", async ([_, text, message], { expect }) => {
    await using trial = await Trial.make();
    await trial.writeCsv(text);
    const { code, stderr } = await trial.run("contacts.csv");
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
    expect(await readdir(trial.folder)).toEqual(["contacts.csv"]);
  });

  test("is refused in one line when it is missing", async ({ expect }) => {
    await using trial = await Trial.make();
    const { code, stderr } = await trial.run("missing.csv");
    expect(stderr).toBe(`Cannot read ${join(trial.folder, "missing.csv")}: there is no such file.\n`);
    expect(code).toBe(1);
  });
});

describe.concurrent("interrupted midway and run again, it has written each mail once", () => {
  const ROWS = 600;

  async function startAndWait(trial: Trial): Promise<Started & { workerPid: number }> {
    const started = trial.start(await trial.writeRows(ROWS));
    await until(async () => (await trial.mailFiles()).length > 20);
    return { ...started, workerPid: workerPidOf(started) };
  }

  /** Gives what the second run said. */
  async function finish(trial: Trial): Promise<string> {
    expect((await trial.mailFiles()).length).toBeLessThan(ROWS);
    const { code, stdout, stderr } = await trial.run("contacts.csv");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await trial.recipients()).toEqual(addresses(ROWS));
    return stdout;
  }

  test("by Ctrl-C, which both processes get", async (context) => {
    skipUnlessLinux(context);
    await using trial = await Trial.make();
    const { child, ended, workerPid } = await startAndWait(trial);
    process.kill(workerPid, "SIGINT");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toBe("");
    const numberOf = (label: string) => Number(new RegExp(`^${label} +(\\d+)`, "m").exec(stdout)?.[1]);
    const files = (await trial.mailFiles()).filter((name) => name.endsWith(".eml"));
    expect(numberOf("Sent")).toBe(files.length);
    expect(numberOf("Not sent yet")).toBe(ROWS - files.length);
    expect(stdout).toMatch(/^Not sent yet +\d+: run the same command again$/m);
    expect(isAlive(workerPid)).toBe(false);
    await finish(trial);
  });

  test("by SIGKILL, and the worker ends by itself", async (context) => {
    skipUnlessLinux(context);
    await using trial = await Trial.make();
    const { child, workerPid } = await startAndWait(trial);
    child.kill("SIGKILL");
    await until(() => !isAlive(workerPid));
    await finish(trial);
  });

  test("by SIGKILL of the worker", async (context) => {
    skipUnlessLinux(context);
    await using trial = await Trial.make();
    const { ended, workerPid } = await startAndWait(trial);
    process.kill(workerPid, "SIGKILL");
    const { code, stdout } = await ended;
    expect(code).toBe(1);
    expect(stdout).toContain("The worker process ended by itself (SIGKILL).");
    const said = await finish(trial);
    expect(said).toMatch(/^\d+ mails? (is|are) held by another worker; if that was killed, .* about 10 s/m);
    expect(said).toMatch(/^Taken over +\d+, from a worker that was lost$/m);
    expect(said).toMatch(/^Retried +0$/m);
  });

  test("by SIGKILL of both at once", async (context) => {
    skipUnlessLinux(context);
    await using trial = await Trial.make();
    const { child, ended, workerPid } = await startAndWait(trial);
    process.kill(workerPid, "SIGKILL");
    child.kill("SIGKILL");
    await ended;
    await finish(trial);
  });
});

describe.concurrent("with SMTP_URL", () => {
  test("mails go to the server; what it refuses is retried or reported", async ({ expect }) => {
    let refusals = 0;
    await using trial = await Trial.make();
    await using server = await startSmtpTestServer({
      refuse: (recipient) => {
        if (recipient === "c1@example.com") return 550;
        return recipient === "c2@example.com" && refusals++ === 0 ? 451 : undefined;
      },
    });
    const { code, stdout } = await trial.run(await trial.writeRows(4), { SMTP_URL: server.url });
    const recipients = server.received.map((mail) => mail.to?.[0]?.address);
    expect(recipients.toSorted()).toEqual(["c0@example.com", "c2@example.com", "c3@example.com"]);
    expect(stdout).toMatch(/^3 sent, 1 failed of 4 mails$/m);
    expect(stdout).toMatch(/^Sent +3 /m);
    expect(stdout).toMatch(/^Retried +1$/m);
    expect(stdout).toMatch(/^Failed +1: run the same command again .*\n.*550.*\(line 3\)$/m);
    expect(code).toBe(1);
    expect(await trial.mailFiles()).toEqual([]);
  });

  test("a mail that was sent by an earlier run is not sent again", async ({ expect }) => {
    await using trial = await Trial.make();
    await using server = await startSmtpTestServer();
    const file = await trial.writeRows(3);
    await trial.run(file, { SMTP_URL: server.url });
    expect(await trial.run(file, { SMTP_URL: server.url })).toMatchObject({ code: 0 });
    expect(server.received).toHaveLength(3);
  });

  test("a mail sent twice, as its worker was killed before it could record it, has the same Message-ID", async (context) => {
    skipUnlessLinux(context);
    await using trial = await Trial.make();
    let started: Started | undefined;
    await using server = await startSmtpTestServer({
      onKept: () => {
        if (server.received.length === 5 && started) process.kill(workerPidOf(started), "SIGKILL");
      },
    });
    const file = await trial.writeRows(20);
    started = trial.start(file, { SMTP_URL: server.url });
    expect((await started.ended).code).toBe(1);
    expect((await trial.run(file, { SMTP_URL: server.url })).code).toBe(0);
    const ids = new Map(server.received.map((mail) => [mail.to?.[0]?.address, mail.messageId]));
    expect(server.received.length).toBeGreaterThan(20);
    expect([...ids.keys()].toSorted()).toEqual(addresses(20));
    expect(server.received.filter((mail) => ids.get(mail.to?.[0]?.address) !== mail.messageId)).toEqual([]);
  });

  test("a sender that is none is refused in one line before anything is stored", async ({ expect }) => {
    await using trial = await Trial.make();
    const { code, stderr } = await trial.run(SHIPPED, { MAIL_FROM: "not an address" });
    expect(stderr).toMatch(/^MAIL_FROM must look like [^\n]+\n$/);
    expect(code).toBe(1);
    expect(await readdir(trial.folder)).toEqual([]);
  });

  test("an address that is none is refused in one line", async ({ expect }) => {
    await using trial = await Trial.make();
    const { code, stderr } = await trial.run(SHIPPED, { SMTP_URL: "mail.example.com" });
    expect(stderr).toMatch(/^SMTP_URL must look like [^\n]+\n$/);
    expect(code).toBe(1);
  });
});

describe.concurrent("a command line", () => {
  test("with --help prints usage, and sends nothing", async ({ expect }) => {
    await using trial = await Trial.make();
    const { code, stdout, stderr } = await trial.run("--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: npm start \[-- contacts\.csv\]\n/);
    expect(await readdir(trial.folder)).toEqual([]);
  });

  test("with a second file, or an option that is none, is refused", async ({ expect }) => {
    await using trial = await Trial.make();
    const file = await trial.writeRows(1);
    const two = await trial.run(file, {}, ["b.csv"]);
    expect(two).toMatchObject({ code: 1, stdout: "" });
    expect(two.stderr).toBe(`One file at a time: run it for ${file}, then for b.csv.\n`);
    const option = await trial.run("--dry-run");
    expect(option).toMatchObject({ code: 1, stdout: "" });
    expect(option.stderr).toMatch(/^There is no option --dry-run\.\nUsage: /);
    expect(await trial.mailFiles()).toEqual([]);
  });
});

describe.concurrent("a place that cannot be used", () => {
  test("is told in one line when it is no folder", async ({ expect }) => {
    await using trial = await Trial.make();
    const file = await trial.writeRows(1);
    const { code, stderr } = await trial.run(file, { QUICKSTART_DIR: file });
    expect(stderr).toMatch(/^Cannot write to [^\n]+\n$/);
    expect(code).toBe(1);
  });

  test("is told in one line when the database is none", async ({ expect }) => {
    await using trial = await Trial.make();
    await writeFile(join(trial.folder, "taskwright.db"), "not a database ".repeat(1000));
    const { code, stderr } = await trial.run(await trial.writeRows(1));
    expect(stderr).toMatch(
      /^The database [^\n]+taskwright.db: the file must be a SQLite database, [^\n]+\.\n$/,
    );
    expect(code).toBe(1);
  });
});
