import type { InputCondition, ListRequest, ScanReach } from "../../backend/index.ts";
import { matchesInput } from "./match-input.ts";

/** How many task results the first step reads at most; later ones are as large as their inputs allow. */
const FIRST_STEP = 500;
const LARGEST_STEP = 2_000;
/** What a first step reads for each result wanted: most of what an index finds matches. */
const PER_RESULT = 2;
/** How much text of inputs one step should bring. */
const STEP_CHARACTERS = 4_000_000;

const DEFAULT_SCAN_LIMIT = 10_000;

/** How many task results a page may look at; undefined for as many as it takes. */
export function scanLimitOf({ filter, scanLimit }: ListRequest): number | undefined {
  return scanLimit ?? (filter.input === undefined ? undefined : DEFAULT_SCAN_LIMIT);
}

/** What a scan reads of one task result. */
export interface ScannedRow {
  readonly seq: number;
  /** Null when it is gone. */
  readonly enqueuedAt: number | null;
  /** Whether it fulfils everything but the conditions on its input. */
  readonly fits: boolean;
  readonly input: string | null;
  readonly codec: string;
}

/** A range of the order of enqueues, with a way to read what may match there. */
export interface ScanSegment {
  /** Where it ends; this number is no more of it. */
  readonly above: number;
  /** Reads the highest numbers that are lower than `before`, highest first; fewer than `count` when there are no more. */
  next(before: number, count: number): Promise<readonly ScannedRow[]>;
}

/** What to look for, from where, and how far. */
export interface ScanRequest {
  readonly before: number;
  readonly limit: number;
  readonly scanLimit: number;
  readonly conditions: readonly InputCondition[];
}

/** The matches of a page by their numbers, highest first; the next page begins before `nextBefore`. */
export interface ScannedPage {
  readonly seqs: readonly number[];
  readonly nextBefore: number | null;
  readonly scan: ScanReach;
}

function nextStep(rows: readonly ScannedRow[]): number {
  const characters = rows.reduce((sum, { input }) => sum + (input?.length ?? 0), 0);
  const perRow = Math.max(1, characters / Math.max(1, rows.length));
  return Math.max(1, Math.min(LARGEST_STEP, Math.floor(STEP_CHARACTERS / perRow)));
}

/** Looks through segments, each below the one before, until the page is full or has looked at as many as it may. */
export async function scanPage(
  segments: readonly ScanSegment[],
  { before, limit, scanLimit, conditions }: ScanRequest,
): Promise<ScannedPage> {
  const seqs: number[] = [];
  let looked = 0;
  let reachedAt: number | null = null;
  let place = before;
  const end = (nextBefore: number | null, isCutShort: boolean): ScannedPage => ({
    seqs,
    nextBefore,
    scan: { looked, reachedAt, isCutShort },
  });
  for (const segment of segments) {
    let step = Math.min(FIRST_STEP, PER_RESULT * limit + 1);
    while (place - 1 > segment.above) {
      const count = Math.min(step, scanLimit - looked);
      if (count <= 0) return end(place, true);
      const rows = await segment.next(place, count);
      for (const row of rows) {
        if (row.seq >= place) continue;
        looked++;
        reachedAt = row.enqueuedAt ?? reachedAt;
        if (row.fits && matchesInput(row, conditions)) {
          // One more than the page holds: the next page begins with it.
          if (seqs.length >= limit) return end(seqs.at(-1) ?? place, false);
          seqs.push(row.seq);
        }
        place = row.seq;
      }
      if (rows.length < count) place = segment.above + 1;
      step = nextStep(rows);
    }
  }
  return end(null, false);
}
