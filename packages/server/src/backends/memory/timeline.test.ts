import { expect, test } from "vitest";
import { createTimeline } from "./timeline.ts";

interface Item {
  readonly time: number;
  readonly sequence: number;
}

function createItems(count: number): Item[] {
  return Array.from({ length: count }, (_, sequence) => ({ time: (sequence * 37) % 101, sequence }));
}

function sorted(items: readonly Item[]): Item[] {
  return [...items].sort((left, right) => left.time - right.time || left.sequence - right.sequence);
}

test("items are walked in the order of their time, either way, whatever the order they were added in", () => {
  const timeline = createTimeline<Item>((item) => item);
  const items = createItems(500);
  for (const item of items) timeline.add(item);
  expect([...timeline.oldestFirst()]).toEqual(sorted(items));
  expect([...timeline.newestFirst(null)]).toEqual(sorted(items).reverse());
});

test("a walk back begins just before a place, whether an item is there or not", () => {
  const timeline = createTimeline<Item>((item) => item);
  const items = sorted(createItems(50));
  for (const item of items) timeline.add(item);
  const place = items[20] as Item;
  expect([...timeline.newestFirst(place)]).toEqual(items.slice(0, 20).reverse());
  timeline.remove(place);
  expect([...timeline.newestFirst(place)]).toEqual(items.slice(0, 20).reverse());
});

test("items can be removed and added again, and the gaps are closed", () => {
  const timeline = createTimeline<Item>((item) => item);
  const items = createItems(500);
  for (const item of items) timeline.add(item);
  for (const item of items) if (item.sequence % 10 !== 0) timeline.remove(item);
  const rest = items.filter(({ sequence }) => sequence % 10 === 0);
  expect([...timeline.oldestFirst()]).toEqual(sorted(rest));
  for (const item of items) if (item.sequence % 10 === 1) timeline.add(item);
  expect([...timeline.newestFirst(null)]).toHaveLength(100);
  for (const item of items) timeline.remove(item);
  expect([...timeline.oldestFirst()]).toEqual([]);
});
