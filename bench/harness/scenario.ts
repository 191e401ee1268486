import type { Span } from "./actor-operations.ts";
import type { Stage } from "./stage.ts";

/** One number that a scenario measures. */
export interface Measure {
  /** As written in rows: `drain-1`, `pickup.p50`. */
  readonly id: string;
  /** For people. */
  readonly label: string;
  readonly unit: string;
  /** Some subjects have no such number. */
  readonly isOptional?: boolean;
}

/** One thing to measure; its measures are numbers by their ids. */
export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  readonly measures: readonly Measure[];
  /** Needs a producer and a worker in processes of their own. */
  readonly needsSharedStore: boolean;
  /** Measures ours only: what it asks has no meaning for loops written by hand, and peers answer for themselves. */
  readonly isOursOnly?: boolean;
  /** At most this many rounds, where one takes long and says enough. */
  readonly mostRounds?: number;
  run(stage: Stage, sizes: Sizes): Promise<Readonly<Record<string, number>>>;
}

/** How long and how much everything is. */
export interface Sizes {
  readonly enqueue: Span;
  readonly drain: { readonly warmUp: number; readonly tasks: number };
  readonly backlog: Span;
  readonly pickup: {
    readonly warmUp: number;
    readonly samples: number;
    readonly pauseMs: readonly [number, number];
  };
  readonly idle: Span;
  readonly memory: { readonly chunks: number; readonly perChunk: number };
}

export const FULL: Sizes = {
  enqueue: { warmUpMs: 500, ms: 1_500 },
  drain: { warmUp: 10_000, tasks: 50_000 },
  backlog: { warmUpMs: 2_000, ms: 10_000 },
  pickup: { warmUp: 30, samples: 250, pauseMs: [12, 28] },
  idle: { warmUpMs: 2_000, ms: 60_000 },
  memory: { chunks: 20, perChunk: 50_000 },
};

/** To see whether everything works; its numbers are no results. */
export const QUICK: Sizes = {
  enqueue: { warmUpMs: 150, ms: 350 },
  drain: { warmUp: 2_000, tasks: 20_000 },
  backlog: { warmUpMs: 500, ms: 1_500 },
  pickup: { warmUp: 10, samples: 60, pauseMs: [12, 20] },
  idle: { warmUpMs: 1_000, ms: 3_000 },
  memory: { chunks: 10, perChunk: 10_000 },
};
