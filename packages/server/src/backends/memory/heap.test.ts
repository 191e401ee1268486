import { expect, test } from "vitest";
import { createHeap } from "./heap.ts";

interface Item {
  readonly value: number;
  place: number;
}

function createItems(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({ value: (index * 7_919) % count, place: -1 }));
}

function createItemHeap() {
  return createHeap<"place", Item>("place", (left, right) => left.value < right.value);
}

function drain(heap: ReturnType<typeof createItemHeap>): number[] {
  const values: number[] = [];
  for (let item = heap.peek(); item !== undefined; item = heap.peek()) {
    heap.remove(item);
    values.push(item.value);
  }
  return values;
}

test("items come out in order", () => {
  const heap = createItemHeap();
  for (const item of createItems(1_000)) heap.add(item);
  expect(heap.size).toBe(1_000);
  expect(drain(heap)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
});

test("items can be removed from anywhere, and the rest stays in order", () => {
  const heap = createItemHeap();
  const items = createItems(1_000);
  for (const item of items) heap.add(item);
  const removed = items.filter((_, index) => index % 3 === 0);
  for (const item of removed) heap.remove(item);
  const rest = items.filter((item) => !removed.includes(item)).map(({ value }) => value);
  expect(drain(heap)).toEqual(rest.sort((left, right) => left - right));
  expect(items.every(({ place }) => place === -1)).toBe(true);
});

test("removing what is not there does nothing", () => {
  const heap = createItemHeap();
  const [inside, outside] = createItems(2) as [Item, Item];
  heap.add(inside);
  heap.remove(outside);
  heap.remove(inside);
  heap.remove(inside);
  expect(heap.size).toBe(0);
});
