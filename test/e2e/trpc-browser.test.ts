// A tRPC client with httpSubscriptionLink in a real browser, whose EventSource can neither send headers nor tell what was
// answered. The page is signed in by a cookie, and a reverse proxy stands before the app.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { startChromium, watchedPage } from "../harness/chromium.ts";
import { startFrontServer } from "../harness/front-server.ts";
import { findService, skipUnlessFound } from "../harness/services.ts";
import type { FollowingPage } from "./fixtures/event-source-page/main.ts";
import { type ServedTasks, serveTasks } from "./fixtures/trpc/served-tasks.ts";

/** In the page. */
declare const following: FollowingPage;

const chromium = await findService("chromium");
const folder = mkdtempSync(join(tmpdir(), "trpc-browser-"));
let browser: Browser | undefined;

beforeAll(async () => {
  if (!chromium.found) return;
  const root = join(import.meta.dirname, "fixtures/event-source-page");
  const building = build({ configFile: false, root, build: { outDir: folder }, logLevel: "error" });
  [browser] = await Promise.all([startChromium(chromium), building]);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});
beforeEach((context) => skipUnlessFound(context, chromium, "progress by the EventSource of a browser"));

async function open(): Promise<{ readonly page: Page; readonly served: ServedTasks }> {
  const served = await serveTasks("plain");
  const front = await startFrontServer(folder, served.port);
  if (browser === undefined) throw new Error("unreachable: without a browser the test is skipped");
  const { page } = await watchedPage(browser);
  onTestFinished(async () => {
    await page.context().close();
    await front[Symbol.asyncDispose]();
    await served.close();
  });
  await signIn(page, "ada", front.url);
  await page.goto(front.url);
  return { page, served };
}

function signIn(page: Page, user: string, url: string = new URL(page.url()).origin): Promise<void> {
  return page.context().addCookies([{ name: "user", value: user, url }]);
}

async function follow(page: Page, id?: string): Promise<string> {
  return page.evaluate(async (given) => {
    const followed = given ?? (await following.enqueue());
    following.follow(followed);
    return followed;
  }, id);
}

/** Resolves when the page has been told so many times that are not of the beginning. */
const toldOf = (page: Page, progress: number) =>
  page.waitForFunction((wanted) => following.told.some((told) => told.progress === wanted), progress);

test("progress outlives the server's restart, and misses nothing", async () => {
  const { page, served } = await open();
  const id = await follow(page);
  served.steps.allow();
  await toldOf(page, 0.25);
  served.stop();
  await page.waitForResponse((response) => response.status() === 502);
  served.steps.allow();
  await served.restart();
  await toldOf(page, 0.5);
  served.stop();
  served.steps.allow();
  await served.server.client.tasks.steps.result(id).get({ timeout: "20s" });
  await served.restart();
  await page.waitForFunction(() => following.told.at(-1)?.status === "SUCCESSFUL");
  const told = await page.evaluate(() => following.told);
  expect(told.filter(({ progress }) => progress !== null)).toEqual([
    { status: "RUNNING", progress: 0.25 },
    { status: "RUNNING", progress: 0.5 },
    { status: "SUCCESSFUL", progress: 0.5 },
  ]);
  expect(await page.evaluate(() => following.failure)).toBeNull();
});

test("who may not read, or is signed out, is told so at once", async () => {
  const { page } = await open();
  const id = await page.evaluate(() => following.enqueue());
  await signIn(page, "bob");
  await follow(page, id);
  await page.waitForFunction(() => following.failure !== null);
  expect(await page.evaluate(() => following.failure)).toBe("RESULT_NOT_FOUND");
  await page.context().clearCookies();
  await page.evaluate(() => {
    following.failure = null;
  });
  await follow(page, id);
  await page.waitForFunction(() => following.failure !== null, undefined, { timeout: 5_000 });
  expect(await page.evaluate(() => following.failure)).toBe("UNAUTHORIZED");
});
