import type { ListAnswer, ListRequest, TaskRecord } from "../../backend/index.ts";
import { scanLimitOf } from "./bounded-scan.ts";
import { matchesRecord } from "./match-record.ts";

/** A page of a list that is made by walking back through all task results, the last stored first. */
export class WalkedPage {
  readonly #request: ListRequest;
  readonly #scanLimit: number | undefined;
  readonly #records: TaskRecord[] = [];
  #toPass: number;
  #looked = 0;
  #reachedAt: number | null = null;
  #lastMatch: string | null;
  #lastPlace: string | null;

  constructor(request: ListRequest) {
    this.#request = request;
    this.#scanLimit = scanLimitOf(request);
    this.#toPass = request.offset;
    this.#lastMatch = request.cursor;
    this.#lastPlace = request.cursor;
  }

  /** Looks at the next one, where a cursor leads back to its place; gives the page when this one is no more of it. */
  look(record: TaskRecord, place: string): ListAnswer | null {
    if (this.#scanLimit !== undefined && this.#looked >= this.#scanLimit)
      return this.#answer(this.#lastPlace, true);
    this.#looked++;
    this.#reachedAt = record.enqueuedAt;
    this.#lastPlace = place;
    if (!matchesRecord(record, this.#request.filter)) return null;
    if (this.#toPass > 0) {
      this.#toPass--;
      return null;
    }
    if (this.#records.length >= this.#request.limit) return this.#answer(this.#lastMatch, false);
    this.#records.push(record);
    this.#lastMatch = place;
    return null;
  }

  /** The page when there are no more. */
  end(): ListAnswer {
    return this.#answer(null, false);
  }

  #answer(nextCursor: string | null, isCutShort: boolean): ListAnswer {
    const scan = { looked: this.#looked, reachedAt: this.#reachedAt, isCutShort };
    return { records: this.#records, nextCursor, ...(this.#scanLimit === undefined ? {} : { scan }) };
  }
}
