import { createHash } from "node:crypto";
import { Collection } from "./collection.ts";
import type { StateStore } from "./state-store.ts";

/** The answer that a publish got, given again to its duplicates. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly url: string;
}

interface DeduplicationRecord {
  readonly expiresAt: number;
  readonly published: readonly PublishedMessage[];
}

const WINDOW_MS = 10 * 60_000;
const MOST_KEYS = 100_000;

/** What is published, as far as it makes two publishes the same. */
export interface DeduplicatedContent {
  readonly destination: string;
  readonly body: Uint8Array;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The key under which a publish is deduplicated: its own, or one of its content; null for none. */
export function deduplicationKey(headers: Headers, content: DeduplicatedContent): string | null {
  const id = headers.get("upstash-deduplication-id");
  if (id !== null && id !== "") return `id:${id}`;
  if (headers.get("upstash-content-based-deduplication")?.toLowerCase() !== "true") return null;
  const hash = createHash("sha256").update(JSON.stringify([content.destination, content.headers]));
  return `content:${hash.update(content.body).digest("hex")}`;
}

/** Remembers for ten minutes what was published under a key. */
export class Deduplication {
  readonly #records: Collection<DeduplicationRecord>;

  constructor(store: StateStore) {
    this.#records = new Collection("deduplication", store, { count: MOST_KEYS });
  }

  find(key: string, now: number): readonly PublishedMessage[] | undefined {
    const record = this.#records.get(key);
    if (record === undefined || record.expiresAt > now) return record?.published;
    this.#records.delete(key);
    return undefined;
  }

  remember(key: string, published: readonly PublishedMessage[], now: number): void {
    // Deleted first, as the oldest are forgotten first.
    this.#records.delete(key);
    this.#records.set(key, { expiresAt: now + WINDOW_MS, published });
  }
}
