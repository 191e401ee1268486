// Runs the built page in a browser, against the app on a free port and a worker whose mailer waits for the test.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
        if (to.startsWith("nobody@")) throw new Error(`The mail server knows nobody called ${to}.`);
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
  await page.getByLabel("To").fill(mail.to);
  await page.getByLabel("Subject").fill(mail.subject);
  await page.getByLabel("Text").fill("Dear all, …");
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
  await mail.getByText("sending").waitFor();
  await reaches(page, "Engines", 0);
  steps.allow();
  await reaches(page, "Engines", 25);
  await page.reload();
  expect(await page.getByRole("radio", { name: "Ada" }).isChecked()).toBe(true);
  await reaches(page, "Engines", 25);
  steps.allow();
  await reaches(page, "Engines", 50);
  for (let step = 0; step < 2; step++) steps.allow();
  await mail.getByText("sent", { exact: true }).waitFor();
  await mail.getByText(/^1,234 bytes accepted at .+ as [0-9a-f-]{36}@mail\.example$/).waitFor();
  expect(await mail.getByRole("progressbar").isVisible()).toBe(false);
  expect(errors).toEqual([]);
});
