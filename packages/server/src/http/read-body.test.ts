import { afterEach, expect, test, vi } from "vitest";
import { readBody } from "./read-body.ts";

afterEach(() => {
  vi.useRealTimers();
});

const LIMITS = { maxBytes: 100, timeoutMs: 10_000 };

function requestOf(body: BodyInit | ReadableStream<Uint8Array>): Request {
  return new Request("https://app.example.test/", { method: "POST", body, duplex: "half" } as RequestInit);
}

test("a body comes back byte for byte, whatever it holds and however it arrives", async () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index * 7);
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  expect(new Uint8Array(await readBody(requestOf(bytes), LIMITS))).toEqual(bytes);
  expect(new Uint8Array(await readBody(requestOf(stream), LIMITS))).toEqual(bytes);
  expect(await readBody(new Request("https://app.example.test/", { method: "POST" }), LIMITS)).toHaveLength(
    0,
  );
});

test("a body that drips in is given up after its time, however often something arrives", async () => {
  vi.useFakeTimers();
  let isCancelled = false;
  const drip = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      await new Promise<void>((resolve) => setTimeout(resolve, 1_000));
      controller.enqueue(Uint8Array.of(32));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const reading = expect(readBody(requestOf(drip), LIMITS)).rejects.toMatchObject({ status: 408 });
  await vi.advanceTimersByTimeAsync(10_000);
  await reading;
  expect(isCancelled).toBe(true);
  expect(vi.getTimerCount()).toBeLessThan(2);
});

test("a body that is one byte too long is refused, and one that just fits is taken", async () => {
  expect(await readBody(requestOf("x".repeat(100)), LIMITS)).toHaveLength(100);
  await expect(readBody(requestOf("x".repeat(101)), LIMITS)).rejects.toMatchObject({ status: 413 });
});
