import { type Browser, chromium, type Page } from "playwright-core";
import type { FoundService } from "./services.ts";

/** As long as a page may take to get where a test waits for it. */
const PATIENCE_MS = 20_000;

/** What a page has said of errors of its own: thrown, or written to its console. */
export interface WatchedPage {
  readonly page: Page;
  readonly errors: readonly string[];
}

/** Starts a headless Chromium that {@link findService} has found; whoever starts it closes it. */
export function startChromium(service: FoundService): Promise<Browser> {
  // Chromium's own sandbox refuses root, as whom containers run their tests; the pages are the tests' own.
  return chromium.launch({
    executablePath: service.location,
    args: ["--no-sandbox"],
    timeout: PATIENCE_MS,
  });
}

/** Opens an empty page in a context of its own: cookies, storage and service workers are not shared. */
export async function watchedPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { page, errors };
}
