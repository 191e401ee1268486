/** A priority queue whose items can also be removed or moved from the middle. */
export interface Heap<T> {
  readonly size: number;
  peek(): T | undefined;
  add(item: T): void;
  /** Does nothing when the item is not here. */
  remove(item: T): void;
}

/**
 * Makes a heap; each item carries its place in the property `slot`, so an item is in one heap per slot at the most.
 *
 * The place is the item's index, or -1 while it is in no heap.
 */
export function createHeap<Slot extends string, T extends Record<Slot, number>>(
  slot: Slot,
  isBefore: (left: T, right: T) => boolean,
): Heap<T> {
  const items: T[] = [];
  const put = (item: T, index: number): void => {
    items[index] = item;
    (item as Record<Slot, number>)[slot] = index;
  };

  const rise = (item: T, from: number): void => {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as T;
      if (!isBefore(item, parent)) break;
      put(parent, index);
      index = parentIndex;
    }
    put(item, index);
  };

  const sink = (item: T, from: number): void => {
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      const sibling = items[childIndex + 1];
      if (sibling !== undefined && isBefore(sibling, items[childIndex] as T)) childIndex++;
      const child = items[childIndex] as T;
      if (!isBefore(child, item)) break;
      put(child, index);
      index = childIndex;
    }
    put(item, index);
  };

  return {
    get size() {
      return items.length;
    },
    peek: () => items[0],
    add: (item) => {
      items.push(item);
      rise(item, items.length - 1);
    },
    remove: (item) => {
      const index = item[slot];
      if (items[index] !== item) return;
      const last = items.pop() as T;
      if (last !== item) {
        const parent = items[(index - 1) >> 1];
        if (index > 0 && parent !== undefined && isBefore(last, parent)) rise(last, index);
        else sink(last, index);
      }
      (item as Record<Slot, number>)[slot] = -1;
    },
  };
}
