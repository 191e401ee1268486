// Runs the built page in a browser, against the app on a free port and a worker whose mailer waits for the test.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NonRetryable } from "@taskwright/server";
import { createWorker } from "@taskwright/server/worker";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { Steps } from "../../test/e2e/fixtures/trpc/served-tasks.ts";
import { startChromium, watchedPage } from "../../test/harness/chromium.ts";
import { findService, skipUnlessFound } from "../../test/harness/services.ts";
import type { Mailer } from "./mailer.ts";
import { type ServedApp, serveApp } from "./serve-app.ts";
import { createServer } from "./server.ts";

const SECRET = "a-secret-of-the-tests";

const chromium = await findService("chromium");
const folder = mkdtempSync(join(tmpdir(), "fullstack-"));
const built = join(folder, "dist");
let browser: Browser | undefined;

beforeAll(async () => {
  if (!chromium.found) return;
  const configFile = join(import.meta.dirname, "vite.config.ts");
  const building = build({ configFile, build: { outDir: built }, logLevel: "warn" });
  [browser] = await Promise.all([startChromium(chromium), building]);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});
beforeEach((context) => skipUnlessFound(context, chromium, "the example examples/fullstack"));

/** Sends a quarter of each mail at each step. */
function steppingMailer(steps: Steps): Mailer {
  return {
    deliver: async ({ to }, { onSent, signal }) => {
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      for (const share of [0.25, 0.5, 0.75]) {
        await Promise.race([steps.next(), stopped]);
        if (to.startsWith("nobody@")) throw new NonRetryable(`The mail server knows nobody called ${to}.`);
        await onSent(share);
      }
      await steps.next();
      return 1234;
    },
  };
}

interface Served {
  readonly page: Page;
  readonly errors: readonly string[];
  readonly steps: Steps;
  readonly url: string;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** Opens the page; a worker of its own on the same file goes on while the app is stopped. */
async function open(): Promise<Served> {
  const steps = new Steps();
  const file = join(mkdtempSync(join(folder, "db-")), "tasks.db");
  const mailer = steppingMailer(steps);
  const background = createServer(file, mailer, { logger: false });
  const worker = createWorker(background, { concurrency: 2 });
  await worker.start();

  let server = createServer(file, mailer, { logger: false });
  let app: ServedApp = await serveApp(server, { secret: SECRET, page: built, port: 0 });
  const { port } = app;
  const stop = async () => {
    await app[Symbol.asyncDispose]();
    await server.close();
  };
  if (browser === undefined) throw new Error("unreachable: without a browser the test is skipped");
  const { page, errors } = await watchedPage(browser);
  onTestFinished(async () => {
    await page.context().close();
    for (let step = 0; step < 40; step++) steps.allow();
    await worker.stop();
    await background.close();
    await stop();
  });
  const url = `http://127.0.0.1:${port}`;
  await page.goto(url);
  return {
    page,
    errors,
    steps,
    url,
    stop,
    restart: async () => {
      server = createServer(file, mailer, { logger: false });
      app = await serveApp(server, { secret: SECRET, page: built, port });
    },
  };
}

async function write(page: Page, mail: { readonly to: string; readonly subject: string }): Promise<void> {
  await page.getByRole("textbox", { name: "To" }).fill(mail.to);
  await page.getByRole("textbox", { name: "Subject" }).fill(mail.subject);
  await page.getByRole("textbox", { name: "Text" }).fill("Dear all, …");
  await page.getByRole("button", { name: "Send" }).click();
}

const item = (page: Page, subject: string) => page.getByRole("listitem").filter({ hasText: subject });

/** Resolves when a mail's bar stands at so many per cent. */
async function reaches(page: Page, subject: string, percent: number): Promise<void> {
  const bar = item(page, subject).getByRole("progressbar");
  await page.locator(`[aria-valuenow="${percent}"]`).and(bar).waitFor();
}

test("a mail is followed while it is under way, also by a page that is loaded again, to its typed result", async () => {
  const { page, errors, steps } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  await write(page, { to: "grace@example.com", subject: "Engines" });
  const mail = item(page, "Engines");
  await mail.getByText("Sending").waitFor();
  await reaches(page, "Engines", 0);
  steps.allow();
  await reaches(page, "Engines", 25);
  await page.reload();
  await reaches(page, "Engines", 25);
  expect(await page.getByRole("radio", { name: "Ada" }).isChecked()).toBe(true);
  steps.allow();
  await reaches(page, "Engines", 50);
  for (let step = 0; step < 2; step++) steps.allow();
  await mail.getByText("Sent", { exact: true }).waitFor();
  await mail.getByText(/^1,234 bytes accepted at .+\s[0-9a-f-]{36}@mail\.example$/).waitFor();
  expect(await mail.getByRole("progressbar").isVisible()).toBe(false);
  expect(errors).toEqual([]);
});

test("the contract's rules are told beside the fields, and nothing is enqueued", async () => {
  const { page, errors } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  await write(page, { to: "grace", subject: "" });
  const to = page.getByRole("textbox", { name: "To" });
  await expect
    .poll(() => to.evaluate((field) => field.ariaDescribedByElements?.[0]?.textContent))
    .toBe("Write a whole address, such as grace@example.com.");
  await page.getByText("Say what it is about.").waitFor();
  expect(await to.evaluate((field) => [field.ariaInvalid, field.matches(":focus")])).toEqual(["true", true]);
  expect(await page.getByRole("textbox", { name: "Text" }).getAttribute("aria-invalid")).toBeNull();
  await page.reload();
  await page.getByText("None yet.").waitFor();
  expect(errors).toEqual([expect.stringContaining("status of 400")]);
});

test("who is not signed in is told so, and loses nothing of what was written", async () => {
  const { page, url } = await open();
  await page.context().addCookies([{ name: "session", value: "ada.AAAAAAAAAAAAAAAAAAAA", url }]);
  await page.reload();
  await page.getByText("Sign in to see them.").waitFor();
  await write(page, { to: "grace@example.com", subject: "Engines" });
  await page.getByRole("alert").getByText("You are not signed in.").waitFor();
  await page.getByRole("radio", { name: "Ada" }).check();
  await page.getByText("None yet.").waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await item(page, "Engines").waitFor();
  expect(await page.getByRole("alert").getByText("You are not signed in.").isVisible()).toBe(false);
});

test("who signs out is signed out, and one whom the server does not sign in stays who they were", async () => {
  const { page, errors, stop, restart } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  await page.getByText("None yet.").waitFor();
  await page.getByRole("radio", { name: "nobody" }).check();
  await page.getByText("Sign in to see them.").waitFor();
  expect(await page.context().cookies()).toEqual([]);
  await write(page, { to: "grace@example.com", subject: "Engines" });
  await page.getByRole("alert").getByText("You are not signed in.").waitFor();
  await page.reload();
  expect(await page.getByRole("radio", { name: "nobody" }).isChecked()).toBe(true);
  await stop();
  await page.getByRole("radio", { name: "Grace" }).click();
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("radio", { name: "nobody" }).isChecked()).toBe(true);
  await restart();
  expect(errors.filter((error) => !/status of 401|ERR_CONNECTION/.test(error))).toEqual([]);
});

test("somebody else's mail is refused by its address, and shown to who wrote it", async () => {
  const { page } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  await write(page, { to: "grace@example.com", subject: "Engines" });
  await page.getByRole("link", { name: "Engines" }).click();
  await page.getByRole("radio", { name: "Grace" }).check();
  await page.getByRole("alert").getByText("somebody else’s").waitFor();
  expect(await page.getByRole("listitem").count()).toBe(0);
  await page.getByRole("radio", { name: "Ada" }).check();
  await item(page, "Engines").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("the server's restart is survived: the page goes on with what happened meanwhile, and misses no end", async () => {
  const { page, errors, steps, stop, restart } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  for (const subject of ["First", "Second"]) {
    await write(page, { to: "grace@example.com", subject });
    await item(page, subject).getByText("Sending").waitFor();
  }
  for (let step = 0; step < 2; step++) steps.allow();
  for (const subject of ["First", "Second"]) await reaches(page, subject, 25);
  await stop();
  // The worker goes on while nobody serves the page.
  for (let step = 0; step < 2; step++) steps.allow();
  await restart();
  for (const subject of ["First", "Second"]) await reaches(page, subject, 50);
  await stop();
  for (let step = 0; step < 4; step++) steps.allow();
  await restart();
  for (const subject of ["First", "Second"])
    await item(page, subject).getByText("1,234 bytes accepted").waitFor();
  for (const error of errors) expect(error).toContain("net::ERR_");
});

test("many mails at once leave the page a connection to work with", async () => {
  const { page, steps } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  const subjects = Array.from({ length: 8 }, (_, index) => `Mail ${index + 1}`);
  for (const subject of subjects) {
    await write(page, { to: "grace@example.com", subject });
    await item(page, subject).waitFor();
  }
  for (let step = 0; step < 4 * subjects.length; step++) steps.allow();
  for (const subject of subjects) await item(page, subject).getByText("Sent", { exact: true }).waitFor();
});

test("a mail that fails says why, and one that is cancelled that it is", async () => {
  const { page, steps } = await open();
  await page.getByRole("radio", { name: "Ada" }).check();
  await write(page, { to: "nobody@example.com", subject: "Anybody" });
  await item(page, "Anybody").getByText("Sending").waitFor();
  await write(page, { to: "grace@example.com", subject: "Engines" });
  await item(page, "Engines").getByText("Sending").waitFor();
  await item(page, "Engines").getByRole("button", { name: "Cancel" }).click();
  await item(page, "Engines").getByText("Cancelled before it was sent.").waitFor();
  steps.allow();
  await item(page, "Anybody").getByText("Not sent. The mail server knows nobody").waitFor();
  expect(await item(page, "Anybody").getByText("Failed").isVisible()).toBe(true);
});
