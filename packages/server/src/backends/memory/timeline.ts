/** A place on a {@link Timeline}: a time, and a sequence number that tells equal times apart. */
export interface TimelinePlace {
  readonly time: number;
  readonly sequence: number;
}

/** Items in the order of a time; adding at the end is cheap, and so is a walk from any place. */
export interface Timeline<T> {
  add(item: T): void;
  remove(item: T): void;
  oldestFirst(): Iterable<T>;
  /** Walks back from just before `place`, or from the end. */
  newestFirst(place: TimelinePlace | null): Iterable<T>;
}

interface Node<T> extends TimelinePlace {
  /** Null once removed: gaps are closed when they are the greater part. */
  item: T | null;
}

const MIN_GAPS = 32;

/** Makes a timeline; an item's place must not change while it is on it. */
export function createTimeline<T>(placeOf: (item: T) => TimelinePlace): Timeline<T> {
  let nodes: Node<T>[] = [];
  let gaps = 0;

  /** The index of the first node at or after a place. */
  const find = (place: TimelinePlace): number => {
    let low = 0;
    let high = nodes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = nodes[middle] as Node<T>;
      const isBefore = node.time < place.time || (node.time === place.time && node.sequence < place.sequence);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    add: (item) => {
      const { time, sequence } = placeOf(item);
      const index = find({ time, sequence });
      const node = nodes[index];
      if (node?.time === time && node.sequence === sequence) {
        if (node.item === null) gaps--;
        node.item = item;
      } else if (index === nodes.length) nodes.push({ time, sequence, item });
      else nodes.splice(index, 0, { time, sequence, item });
    },
    remove: (item) => {
      const node = nodes[find(placeOf(item))];
      if (node?.item !== item) return;
      node.item = null;
      gaps++;
      if (gaps > MIN_GAPS && gaps > nodes.length / 2) {
        nodes = nodes.filter((kept) => kept.item !== null);
        gaps = 0;
      }
    },
    *oldestFirst() {
      for (const { item } of nodes) if (item !== null) yield item;
    },
    *newestFirst(place) {
      for (let index = (place === null ? nodes.length : find(place)) - 1; index >= 0; index--) {
        const item = nodes[index]?.item ?? null;
        if (item !== null) yield item;
      }
    },
  };
}
