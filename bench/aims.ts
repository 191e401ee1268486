import type { Results } from "./harness/results.ts";
import { type Spread, spread } from "./harness/statistics.ts";

/** What we want to reach, and what was reached. */
export interface AimAnswer {
  readonly text: string;
  readonly aim: string;
  readonly reached: Spread;
  readonly holds: boolean;
}

interface Aim {
  readonly text: string;
  readonly aim: string;
  readonly unit: string;
  reached(results: Results, ours: string, floor: string | undefined): Spread | undefined;
  holds(reached: number): boolean;
}

const OF_FLOOR = "of the floor";
const TIMES = "×";

function ofFloor(text: string, measure: string, atLeast: number): Aim {
  return {
    text,
    aim: `at least ${atLeast}`,
    unit: OF_FLOOR,
    reached: (results, subject, floor) => {
      const ratios = floor === undefined ? [] : results.ratios(subject, floor, measure);
      return ratios.length === 0 ? undefined : spread(ratios);
    },
    holds: (value) => value >= atLeast,
  };
}

function below(text: string, measure: string, limit: number, unit: string): Aim {
  return {
    text,
    aim: `under ${limit}`,
    unit,
    reached: (results, subject) => results.spread(subject, measure),
    holds: (value) => value < limit,
  };
}

function ofOther(
  text: string,
  measures: { readonly over: string; readonly under: string },
  limit: { readonly aim: string; readonly holds: (value: number) => boolean },
): Aim {
  return {
    text,
    aim: limit.aim,
    unit: TIMES,
    reached: (results, subject) => results.ratioOfMeasures(subject, measures.over, measures.under),
    holds: limit.holds,
  };
}

/** A measure as multiples of another subject's, or of the best of several in each round. */
function ofPeers(
  text: string,
  measure: string,
  peers: readonly string[],
  limit: { readonly aim: string; readonly holds: (value: number) => boolean },
): Aim {
  return {
    text,
    aim: limit.aim,
    unit: `× ${peers.length === 1 ? peers[0] : "the best peer"}`,
    reached: (results, subject) => {
      const all = peers.map((peer) => results.values(peer, measure));
      const ratios = results
        .values(subject, measure)
        .map((value, round) => value / Math.max(...all.flatMap((values) => values[round] ?? [])))
        .filter((ratio) => ratio > 0);
      return ratios.length === 0 ? undefined : spread(ratios);
    },
    holds: limit.holds,
  };
}

function atLeast(limit: number) {
  return { aim: `at least ${limit}`, holds: (value: number) => value >= limit };
}

function atMost(limit: number) {
  return { aim: `at most ${limit.toLocaleString("en")}`, holds: (value: number) => value <= limit };
}

/** What an idle worker asks of its store's server, counted by the minute and told by a longer span. */
function idleStatements(unit: string, minutes: number, limit: number): Aim {
  return {
    text: "idle worker",
    ...atMost(limit),
    unit,
    reached: (results, subject) => {
      const values = results.values(subject, "idle.statements");
      return values.length === 0 ? undefined : spread(values.map((value) => value * minutes));
    },
  };
}

const GRAPHILE = "graphile-worker";
const PG_BOSS = "pg-boss";
const BULLMQ = "bullmq";
const BEE_QUEUE = "bee-queue";

/** By suite; the numbers come from the issues that ask for them. */
const AIMS: Readonly<Record<string, readonly Aim[]>> = {
  sqlite: [
    ofFloor("drain by one worker process", "drain-1", 0.35),
    ofFloor("100 plain calls in flight", "enqueue-100", 0.25),
    ofOther("500,000 waiting beside 20,000", { over: "backlog-500k", under: "backlog-20k" }, atLeast(0.8)),
    below("pickup by another process, p50", "pickup.p50", 5, "ms"),
    below("idle worker", "idle.cpu", 1, "% of a core"),
    ofOther(
      "memory flat over a million tasks: heap, last fifth beside first",
      { over: "memory.heap-last", under: "memory.heap-first" },
      atMost(1.1),
    ),
    ofOther(
      "memory flat over a million tasks: RSS, last fifth beside first",
      { over: "memory.rss-last", under: "memory.rss-first" },
      atMost(1.2),
    ),
  ],
  postgres: [
    ofPeers("drain by one worker process", "drain-1", [GRAPHILE], atLeast(1.2)),
    ofPeers("drain by one worker process", "drain-1", [PG_BOSS], atLeast(1.7)),
    ofPeers("100 plain calls in flight", "enqueue-100", [GRAPHILE], atLeast(25)),
    ofPeers("1,000 per call", "enqueue-many", [GRAPHILE, PG_BOSS], atLeast(1.2)),
    ofPeers("pickup by another process, p50", "pickup.p50", [GRAPHILE], atMost(0.8)),
    ofOther("500,000 waiting beside 20,000", { over: "backlog-500k", under: "backlog-20k" }, atLeast(0.8)),
    idleStatements("statements a minute", 1, 12),
  ],
  redis: [
    ofPeers("drain by one worker process", "drain-1", [BULLMQ], atLeast(3.5)),
    ofFloor("drain by one worker process", "drain-1", 0.4),
    ofPeers("100 plain calls in flight", "enqueue-100", [BULLMQ], atLeast(1.5)),
    ofPeers("100 plain calls in flight", "enqueue-100", [BEE_QUEUE], atLeast(0.9)),
    ofPeers("1,000 per call", "enqueue-many", [BULLMQ], atLeast(2)),
    ofPeers("1,000 per call", "enqueue-many", [BEE_QUEUE], atLeast(1)),
    ofPeers("pickup by another process, p50", "pickup.p50", [BULLMQ], atMost(0.8)),
    ofOther("500,000 waiting beside 20,000", { over: "backlog-500k", under: "backlog-20k" }, atLeast(0.8)),
    idleStatements("commands an hour", 60, 1_000),
  ],
};

/** Compares what was measured with what was aimed at; leaves out what was not measured. */
export function checkAims(
  suite: string,
  results: Results,
  subjects: { readonly ours: string; readonly floor: string | undefined },
): readonly AimAnswer[] {
  return (AIMS[suite] ?? []).flatMap((aim) => {
    const reached = aim.reached(results, subjects.ours, subjects.floor);
    if (reached === undefined) return [];
    return [{ text: aim.text, aim: `${aim.aim} ${aim.unit}`, reached, holds: aim.holds(reached.median) }];
  });
}
