import { writeFileSync } from "node:fs";
import type { Arguments } from "../harness/arguments.ts";
import { describeMachine } from "../harness/machine.ts";
import { reportText, rowsOf } from "../harness/report.ts";
import { Results } from "../harness/results.ts";
import { spread } from "../harness/statistics.ts";
import { bundle } from "./bundle.ts";

/** The suite's name on the command line. */
export const SIZE_SUITE = "size";

const OURS = "taskwright";
const BASE = "trpc";
const SMALLEST = "trpc-batch";
const MOST_TIMES_TRPC = 1.25;

const FIRST = { id: "size.first", label: "loaded with the page", unit: "bytes" };
const ALL = { id: "size.all", label: "with what is loaded on first use", unit: "bytes" };

/** Compares what browsers load of our client with what they load of tRPC's own. */
export async function runSizeSuite(args: Arguments): Promise<void> {
  if (args.only !== null || args.profiles !== null) {
    console.error("The suite size takes neither --only nor --profile.");
    process.exitCode = 2;
    return;
  }
  const results = new Results();
  const subjects = [OURS, BASE, SMALLEST];
  for (const subject of subjects) {
    const { firstBytes, allBytes } = await bundle(subject);
    results.add(subject, FIRST, firstBytes);
    results.add(subject, ALL, allBytes);
  }
  const reached = spread(results.ratios(OURS, BASE, FIRST.id));
  const report = {
    suite: SIZE_SUITE,
    mode: "full" as const,
    // The same each time.
    rounds: 1,
    machine: describeMachine("."),
    server: null,
    scenarios: [{ measures: [FIRST, ALL] }],
    subjects,
    ours: OURS,
    floor: BASE,
    results,
    gaps: [],
    aims: [
      {
        text: `${FIRST.label}: beside tRPC's client with the same links`,
        aim: `at most ${MOST_TIMES_TRPC} of the floor`,
        reached,
        holds: reached.median <= MOST_TIMES_TRPC,
      },
    ],
  };
  console.log(
    `${reportText(report)}\n\nMinified and gzipped; the floor is tRPC's client with the same links, ${SMALLEST} is its client with httpBatchLink alone.`,
  );
  if (args.json !== null) writeFileSync(args.json, `${JSON.stringify(rowsOf(report), null, 2)}\n`);
}
