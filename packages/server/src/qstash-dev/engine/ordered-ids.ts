interface Entry {
  readonly order: number;
  readonly turn: number;
  readonly id: string;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.order < b.order || (a.order === b.order && a.turn < b.turn);
}

/** Ids by a number, lowest first, and among equal ones in the order they came; a binary heap. */
export class OrderedIds {
  readonly #entries: Entry[] = [];
  #turn = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The first one, which stays. */
  peek(): { readonly order: number; readonly id: string } | undefined {
    return this.#entries[0];
  }

  push(order: number, id: string): void {
    const entries = this.#entries;
    const entry = { order, turn: this.#turn++, id };
    let at = entries.length;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = entries[parentAt] as Entry;
      if (!isBefore(entry, parent)) break;
      entries[at] = parent;
      at = parentAt;
    }
    entries[at] = entry;
  }

  /** The first one, which leaves. */
  pop(): { readonly order: number; readonly id: string } | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      const child = entries[childAt];
      if (child === undefined) break;
      const right = entries[childAt + 1];
      const isRight = right !== undefined && isBefore(right, child);
      if (isRight) childAt++;
      const smaller = isRight ? right : child;
      if (!isBefore(smaller, last)) break;
      entries[at] = smaller;
      at = childAt;
    }
    entries[at] = last;
    return first;
  }
}
