import { expect, test } from "vitest";
import { startChromium, watchedPage } from "./chromium.ts";
import { findService, skipUnlessFound } from "./services.ts";

const chromium = await findService("chromium");

test("a page that throws, or writes an error to its console, is heard", async (context) => {
  skipUnlessFound(context, chromium, "pages in a real browser");
  const browser = await startChromium(chromium);
  try {
    const { page, errors } = await watchedPage(browser);
    await page.setContent("<p>Hi</p><script>console.error('said'); throw new Error('thrown');</script>");
    await expect.poll(() => errors).toEqual(["said", "thrown"]);
    expect(await page.textContent("p")).toBe("Hi");
  } finally {
    await browser.close();
  }
}, 30_000);
