import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Names the folder in which the processes of one test run write down what they leave out. */
export const REPORT_DIR_VARIABLE = "TASKWRIGHT_TEST_REPORT_DIR";

/** One test that was left out, and what a reader needs to change that. */
export interface Untested {
  /** What is missing or cannot do it: a service ("postgres") or a backend ("qstash"). */
  readonly subject: string;
  /** Why, as a sentence without its full stop. */
  readonly reason: string;
  /** What therefore was not tested: "enqueue inside a PostgreSQL transaction". */
  readonly untested: string;
  /** How to get it; absent where nothing can be installed to change it. */
  readonly obtain?: string;
}

/**
 * Appends one entry to the report of this run. Safe from several workers and processes at once: each entry is one
 * appended line. Outside a run of scripts/run-tests.mjs it goes to standard error instead, so that it is never lost.
 */
export function recordUntested(entry: Untested, environment: NodeJS.ProcessEnv = process.env): void {
  const folder = environment[REPORT_DIR_VARIABLE];
  if (folder) appendFileSync(reportFile(folder), `${JSON.stringify(entry)}\n`);
  else process.stderr.write(`${formatUntested([entry])}\n`);
}

/** Everything that was recorded in this folder. */
export function readUntested(folder: string): Untested[] {
  const file = reportFile(folder);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line): Untested => JSON.parse(line));
}

/** The list that people read at the end of a run: one block for each subject and reason, alike entries counted. */
export function formatUntested(entries: readonly Untested[]): string {
  if (entries.length === 0) return "No test was left out for want of a service.";
  const blocks = new Map<string, { obtain: string | undefined; counts: Map<string, number> }>();
  for (const { subject, reason, untested, obtain } of entries) {
    const title = `${subject}: ${reason}.`;
    const block = blocks.get(title) ?? { obtain, counts: new Map<string, number>() };
    block.counts.set(untested, (block.counts.get(untested) ?? 0) + 1);
    blocks.set(title, block);
  }
  const lines = ["Not tested here, and why:"];
  for (const [title, { obtain, counts }] of [...blocks].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push("", `  ${title}`);
    for (const [untested, count] of counts) {
      lines.push(`    left out: ${untested}${count > 1 ? ` (${count} tests)` : ""}`);
    }
    if (obtain) lines.push(`    to get it: ${obtain}`);
  }
  return lines.join("\n");
}

function reportFile(folder: string): string {
  return join(folder, "untested.jsonl");
}
