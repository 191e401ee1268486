/** Parts of a Redis Cluster that each live in one slot. */
export const PARTITIONS_ON_CLUSTER = 16;

/** The parts that keys are divided into; an id's last digit says which one is its own. */
export class Partitions {
  /** The beginnings of their keys. */
  readonly keys: readonly string[];
  /** What the names of channels begin with. */
  readonly channel: string;

  constructor(keyPrefix: string, count: number) {
    this.keys = Array.from({ length: count }, (_, index) => `{${keyPrefix}:${index}}:`);
    this.channel = keyPrefix;
  }

  /** The number of an id's partition. */
  of(id: string): number {
    if (this.keys.length === 1) return 0;
    const digit = Number.parseInt(id.slice(-1), 16);
    return Number.isNaN(digit) ? hashOf(id) % this.keys.length : digit % this.keys.length;
  }

  /** The id that a task with a deduplication key must have instead, so that all with this key are in one partition. */
  placeId(id: string, deduplicationKey: string): string {
    return this.keys.length === 1 ? id : id.slice(0, -1) + (hashOf(deduplicationKey) % 16).toString(16);
  }

  /** The partition that keeps what belongs to all tasks. */
  get first(): string {
    return this.keys[0] ?? "";
  }

  /** The id that a task must have instead, to be in the first partition. */
  placeInFirst(id: string): string {
    return this.keys.length === 1 ? id : `${id.slice(0, -1)}0`;
  }

  /** Sorts items by the partition of their ids, each with its index. */
  divide<T>(items: readonly T[], idOf: (item: T) => string): readonly Portion<T>[] {
    if (this.keys.length === 1)
      return items.length === 0
        ? []
        : [{ key: this.keys[0] ?? "", items, indexes: items.map((_, index) => index) }];
    const portions = new Map<number, { items: T[]; indexes: number[] }>();
    for (const [index, item] of items.entries()) {
      const number = this.of(idOf(item));
      const portion = portions.get(number) ?? { items: [], indexes: [] };
      portions.set(number, portion);
      portion.items.push(item);
      portion.indexes.push(index);
    }
    return [...portions].map(([number, portion]) => ({ key: this.keys[number] ?? "", ...portion }));
  }
}

/** The items of one partition, with their places among all. */
export interface Portion<T> {
  readonly key: string;
  readonly items: readonly T[];
  readonly indexes: readonly number[];
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
