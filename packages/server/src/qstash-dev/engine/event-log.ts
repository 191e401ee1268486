import { Collection } from "./collection.ts";
import type { FilterFacts, MessageFilter } from "./message-filter.ts";
import type { MessageRecord, QstashState } from "./message-record.ts";
import { messageIdentity, shownBody, shownHeaders, withoutNulls } from "./message-view.ts";
import type { StateStore } from "./state-store.ts";

/** What happened to a message, and when; plain JSON. */
interface EventRecord {
  readonly sequence: number;
  readonly time: number;
  readonly state: QstashState;
  readonly message: MessageRecord;
  readonly facts: EventFacts;
}

/** What an event says beside its state. */
export interface EventFacts {
  readonly error?: string;
  readonly nextDeliveryTime?: number;
  readonly responseStatus?: number;
}

/** The most events that are kept; the oldest go first. */
const MOST_EVENTS = 10_000;
/** Longer bodies, in base64, are left out of events. */
const LONGEST_BODY = 8_192;

const IN_PROGRESS: readonly QstashState[] = ["ACTIVE", "RETRY", "ERROR"];

function statesOf(state: QstashState): readonly string[] {
  const words: string[] = [state];
  if (IN_PROGRESS.includes(state)) words.push("IN_PROGRESS");
  // The SDK's type has the other spelling.
  if (state === "CANCELLED") words.push("CANCELED");
  return words;
}

function view({ time, state, message, facts }: EventRecord): Record<string, unknown> {
  const { body } = shownBody(message);
  return withoutNulls({
    time,
    state,
    ...messageIdentity(message),
    header: shownHeaders(message),
    body: body === undefined || message.body === "" ? null : Buffer.from(body).toString("base64"),
    maxRetries: message.options.maxRetries,
    ...facts,
  });
}

/** What happened to messages, newest first. */
export class EventLog {
  readonly #records: Collection<EventRecord>;
  readonly #nextSequence: () => number;

  constructor(store: StateStore, nextSequence: () => number) {
    this.#records = new Collection("event", store, { count: MOST_EVENTS });
    this.#nextSequence = nextSequence;
  }

  /** The highest sequence there is. */
  get lastSequence(): number {
    return this.#records.values().at(-1)?.sequence ?? 0;
  }

  add(message: MessageRecord, state: QstashState, now: number, facts: EventFacts = {}): void {
    const sequence = this.#nextSequence();
    const kept = message.body.length > LONGEST_BODY ? { ...message, body: "" } : message;
    this.#records.set(String(sequence), { sequence, time: now, state, message: kept, facts });
  }

  /** A page of those that match, and where the next one begins. */
  page(
    filter: MessageFilter,
    { count, cursor, isEarliestFirst }: { count: number; cursor: number | null; isEarliestFirst: boolean },
  ): { readonly events: readonly Record<string, unknown>[]; readonly cursor?: string } {
    const records = this.#records.values();
    const ordered = isEarliestFirst ? records : records.toReversed();
    const isAfter = ({ sequence }: EventRecord) =>
      cursor === null || (isEarliestFirst ? sequence > cursor : sequence < cursor);
    const found: EventRecord[] = [];
    for (const record of ordered) {
      const facts: FilterFacts = { at: record.time, states: statesOf(record.state) };
      if (!isAfter(record) || !filter.matches(record.message, facts)) continue;
      if (found.length === count) return { events: found.map(view), cursor: String(found.at(-1)?.sequence) };
      found.push(record);
    }
    return { events: found.map(view) };
  }
}
