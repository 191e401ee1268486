import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { startChromium, type WatchedPage, watchedPage } from "../harness/chromium.ts";
import { findService, skipUnlessFound } from "../harness/services.ts";
import type { PageUnderTest } from "./fixtures/msw/page.ts";
import { type PageServer, servePage } from "./fixtures/msw/page-server.ts";

// In the page, where the functions below run.
declare const underTest: PageUnderTest;

const chromium = await findService("chromium");
let server: PageServer;
let browser: Browser | undefined;

beforeAll(async () => {
  if (!chromium.found) return;
  [server, browser] = await Promise.all([servePage(), startChromium(chromium)]);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function open(context: TestContext): Promise<WatchedPage> {
  skipUnlessFound(context, chromium, "msw's service worker in a real browser");
  const opened = await watchedPage(browser ?? expect.fail("no browser was started"));
  await opened.page.goto(server.url);
  await opened.page.getByText("ready").waitFor();
  return opened;
}

test.for(["url", "trpc"])(
  "in a browser, a test drives what a page enqueues by { %s }",
  async (kind, context) => {
    const { page, errors } = await open(context);
    await page.getByRole("button", { name: `Send by ${kind}` }).click();
    await page.getByText("READY null").waitFor();
    await page.evaluate(async () => {
      const task = await underTest.mock.tasks.sendEmail.nextEnqueued();
      task.progress({ sent: 1 });
    });
    await page.getByText('RUNNING {"sent":1}').waitFor();
    await page.evaluate(() => underTest.mock.tasks.sendEmail.enqueued[0]?.succeed({ messageId: "m-1" }));
    await page.getByText("sent as m-1").waitFor();
    await page.getByText('SUCCESSFUL {"sent":1}').waitFor();
    const seen = await page.evaluate(() => underTest.mock.enqueued.map(({ path, input }) => [path, input]));
    expect(seen).toEqual([
      ["sendEmail", { to: "ada@example.com" }],
      ["tick", undefined],
    ]);
    expect(errors).toEqual([]);
  },
);

test("in a browser, a function of a test refuses one of a batch, once", async (context) => {
  const { page } = await open(context);
  await page.evaluate(() => {
    const { mock, worker, TaskError } = underTest;
    const refuse = () => {
      throw new TaskError({ code: "FORBIDDEN", message: "Not today." });
    };
    worker.use(mock.tasks.sendEmail.delay(refuse, { once: true }));
  });
  const button = page.getByRole("button", { name: "Send by url" });
  await button.click();
  await page.getByText("refused: Not today.").waitFor();
  expect(await page.evaluate(() => underTest.mock.enqueued.map(({ path }) => path))).toEqual(["tick"]);
  await button.click();
  await page.getByText("READY null").waitFor();
});
