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
  /** What it is one of many of, such as a section of the conformance suite; absent where it stands alone. */
  readonly group?: string;
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

/** Left out together, so many of one group are told as the group. */
const MOST_NAMED = 2;

/** What one subject lacks for one reason. */
interface Block {
  readonly obtain: string | undefined;
  /** By group, how often each of its tests was left out. */
  readonly groups: Map<string, Map<string, number>>;
}

/** The list that people read at the end of a run: one block for each subject and reason, alike entries counted. */
export function formatUntested(entries: readonly Untested[]): string {
  if (entries.length === 0) return "No test was left out for want of a service.";
  const blocks = new Map<string, Block>();
  for (const { subject, reason, untested, group = "", obtain } of entries) {
    const title = `${subject}: ${reason}.`;
    const block = blocks.get(title) ?? { obtain, groups: new Map() };
    const counts = block.groups.get(group) ?? new Map<string, number>();
    counts.set(untested, (counts.get(untested) ?? 0) + 1);
    block.groups.set(group, counts);
    blocks.set(title, block);
  }
  const lines = ["Not tested here, and why:"];
  for (const [title, { obtain, groups }] of [...blocks].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push("", `  ${title}`);
    for (const [group, counts] of groups) lines.push(...linesOf(group, counts));
    if (obtain) lines.push(`    to get it: ${obtain}`);
  }
  return lines.join("\n");
}

function linesOf(group: string, counts: ReadonlyMap<string, number>): readonly string[] {
  const line = (what: string, count: number) =>
    `    left out: ${what}${count > 1 ? ` (${count} tests)` : ""}`;
  if (group === "") return [...counts].map(([untested, count]) => line(untested, count));
  if (counts.size <= MOST_NAMED)
    return [...counts].map(([untested, count]) => line(`${group}: ${untested}`, count));
  return [
    line(
      group,
      [...counts.values()].reduce((sum, count) => sum + count, 0),
    ),
  ];
}

function reportFile(folder: string): string {
  return join(folder, "untested.jsonl");
}
