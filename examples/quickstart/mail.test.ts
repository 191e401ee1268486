import { type FileHandle, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMailer, type Mailer } from "./mail.ts";
import { readSettings } from "./settings.ts";
import { type SmtpTestServer, startSmtpTestServer } from "./smtp-test-server.ts";

const ANN = {
  email: "ann@example.com",
  name: "Ånn, 李",
  subject: "Grüße 🎉",
  body: "Hi,\n\n.a line with a dot\nBye",
};
const KEY = { id: "0190aaaa", attempt: 1 };

let folder: string;
let mailer: Mailer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quickstart-"));
});

afterEach(async () => {
  mailer?.close();
  mailer = undefined;
  await rm(folder, { recursive: true, force: true });
});

describe("without SMTP_URL a mail", () => {
  const outbox = () => join(folder, "outbox");

  beforeEach(async () => {
    mailer = await createMailer(
      readSettings({ QUICKSTART_DIR: folder, MAIL_FROM: "Shop <shop@example.net>" }),
    );
  });

  test("becomes a file named after the task result, which a mail reader understands", async () => {
    const messageId = await mailer?.send(ANN, KEY);
    expect(await readdir(outbox())).toEqual(["0190aaaa.eml"]);
    expect(await PostalMime.parse(await readFile(join(outbox(), "0190aaaa.eml")))).toMatchObject({
      messageId,
      from: { name: "Shop", address: "shop@example.net" },
      to: [{ name: "Ånn, 李", address: "ann@example.com" }],
      subject: "Grüße 🎉",
      text: `${ANN.body}\n`,
      date: expect.stringMatching(/^\d{4}-/),
    });
  });

  test("has CRLF line ends and no line longer than RFC 5322 allows", async () => {
    await mailer?.send(
      { ...ANN, name: "n".repeat(500), subject: "s".repeat(500), body: "b".repeat(5000) },
      KEY,
    );
    const mail = await readFile(join(outbox(), "0190aaaa.eml"), "latin1");
    expect(mail.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(Math.max(...mail.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
  });

  test("is not written again by a later attempt", async () => {
    const first = await mailer?.send(ANN, KEY);
    const before = await readFile(join(outbox(), "0190aaaa.eml"));
    expect(await mailer?.send(ANN, { ...KEY, attempt: 2 })).toBe(first);
    expect(await readFile(join(outbox(), "0190aaaa.eml"))).toEqual(before);
  });

  test.skipIf(process.platform === "win32")(
    "that an attempt wrote which was killed then has its name put on disk by the next",
    async () => {
      await writeFile(join(outbox(), "0190aaaa.eml"), "a mail");
      await using handle = await open(outbox());
      using sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "sync");
      await mailer?.send(ANN, { ...KEY, attempt: 2 });
      expect(sync).toHaveBeenCalledOnce();
    },
  );

  test("replaces what an attempt that was killed left unfinished", async () => {
    await writeFile(join(outbox(), ".0190aaaa.1.tmp"), "half a ma");
    await mailer?.send(ANN, { ...KEY, attempt: 2 });
    expect(await readdir(outbox())).toEqual(["0190aaaa.eml"]);
  });

  test("that cannot be written leaves nothing behind", async () => {
    await rm(outbox(), { recursive: true });
    await expect(mailer?.send(ANN, KEY)).rejects.toThrow("ENOENT");
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("with SMTP_URL a mail", () => {
  let server: SmtpTestServer;

  beforeEach(async () => {
    server = await startSmtpTestServer({
      refuse: (recipient) =>
        recipient.startsWith("busy") ? 451 : recipient.startsWith("gone") ? 550 : undefined,
    });
    mailer = await createMailer(readSettings({ QUICKSTART_DIR: folder, SMTP_URL: server.url }));
  });

  afterEach(async () => {
    mailer?.close(); // It keeps connections, which the server would wait for.
    await server.close();
  });

  test("reaches the server and is not written to the outbox", async () => {
    const messageId = await mailer?.send(ANN, KEY);
    expect(server.received).toMatchObject([
      {
        messageId,
        to: [{ name: "Ånn, 李", address: "ann@example.com" }],
        subject: "Grüße 🎉",
        text: `${ANN.body}\n`,
      },
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("has the same Message-ID at every attempt, and another for another task result", async () => {
    await mailer?.send(ANN, KEY);
    await mailer?.send(ANN, { ...KEY, attempt: 2 });
    await mailer?.send(ANN, { ...KEY, id: "0190bbbb" });
    const [first, second, other] = server.received.map((mail) => mail.messageId);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  test("is worth another attempt when the server says 4xx", async () => {
    await expect(mailer?.send({ ...ANN, email: "busy@example.com" }, KEY)).rejects.toMatchObject({
      name: "Error",
      message: expect.stringContaining("451"),
    });
  });

  test("is not retried when the server says 5xx", async () => {
    await expect(mailer?.send({ ...ANN, email: "gone@example.com" }, KEY)).rejects.toMatchObject({
      name: "NonRetryable",
      message: expect.stringContaining("550"),
    });
  });

  test("is worth another attempt when nobody answers", async () => {
    await server.close();
    await expect(mailer?.send(ANN, KEY)).rejects.toThrow("ECONNREFUSED");
  });
});
