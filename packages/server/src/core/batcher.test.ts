import { expect, test } from "vitest";
import { HeldHost } from "../testing/held-host.ts";
import { Batcher } from "./batcher.ts";

/** A store that answers when it is told to, and the batches it has got. */
function batcherOn(mostAtOnce: number) {
  const batches: { readonly items: readonly number[]; answer(): void }[] = [];
  const host = new HeldHost(0);
  const batcher = new Batcher<number, string>(host, { largest: 100, mostAtOnce }, (items) => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    batches.push({ items, answer: () => resolve(items.map(String)) });
    return promise;
  });
  const add = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => batcher.add(from + index)));
  return { batcher, batches, add };
}

test("one batch is on its way at a time, and the next holds all that came meanwhile", async () => {
  const { batcher, batches, add } = batcherOn(1);
  const first = add(0, 60);
  batcher.flush();
  const second = add(60, 60);
  batcher.flush();
  expect(batches.map(({ items }) => items.length)).toEqual([60]);
  batches[0]?.answer();
  expect(await first).toEqual(Array.from({ length: 60 }, (_, index) => String(index)));
  batcher.flush();
  batches[1]?.answer();
  expect((await second).at(-1)).toBe("119");
});

test("where the store takes two at once, what waits is divided between them in its order, and a third waits", async () => {
  const { batcher, batches, add } = batcherOn(2);
  const first = add(0, 60);
  batcher.flush();
  expect(batches.map(({ items }) => [items[0], items.length])).toEqual([
    [0, 30],
    [30, 30],
  ]);
  const second = add(60, 10);
  batcher.flush();
  expect(batches).toHaveLength(2);
  batches[1]?.answer();
  batches[0]?.answer();
  expect(await first).toHaveLength(60);
  batcher.flush();
  expect(batches[2]?.items).toHaveLength(10);
  batches[2]?.answer();
  expect(await second).toHaveLength(10);
});

test("few are not divided, and draining waits for every batch on its way", async () => {
  const { batcher, batches, add } = batcherOn(2);
  const few = add(0, 20);
  batcher.flush();
  const more = add(20, 20);
  let isDrained = false;
  const drained = batcher.drained().then(() => {
    isDrained = true;
  });
  expect(batches.map(({ items }) => items.length)).toEqual([20, 20]);
  batches[0]?.answer();
  await few;
  expect(isDrained).toBe(false);
  batches[1]?.answer();
  await Promise.all([more, drained]);
  expect(isDrained).toBe(true);
});
