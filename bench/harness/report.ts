import type { AimAnswer } from "../aims.ts";
import type { Machine } from "./machine.ts";
import { spreadText } from "./number-text.ts";
import type { Results } from "./results.ts";
import type { Gap } from "./rounds.ts";
import type { Scenario } from "./scenario.ts";
import { type Spread, spread } from "./statistics.ts";

/** What is shown and written of a run. */
export interface Report {
  readonly suite: string;
  readonly mode: "full" | "quick";
  readonly rounds: number;
  readonly machine: Machine;
  /** The store's server and what in its settings decides about speed; null where there is none. */
  readonly server: string | null;
  readonly scenarios: readonly Pick<Scenario, "measures">[];
  readonly subjects: readonly string[];
  /** The subject that is ours, which ratios begin with. */
  readonly ours: string;
  readonly floor: string | undefined;
  readonly results: Results;
  readonly gaps: readonly Gap[];
  readonly aims: readonly AimAnswer[];
}

/** One number of a run, as `--json` writes it. */
export interface Row extends Spread {
  readonly scenario: string;
  readonly subject: string;
  readonly unit: string;
  /** Round by round. */
  readonly values: readonly number[];
  /** The same in every row of a run, so that rows of several runs can lie in one table. */
  readonly run: Machine & Pick<Report, "suite" | "mode" | "rounds" | "server">;
}

/** The multiples of the floor that a report shows; unit of their rows. */
const OF_FLOOR = "of the floor";

/** All numbers of a run as rows, the multiples of the floor among them. */
export function rowsOf(report: Report): readonly Row[] {
  const { suite, mode, rounds, machine, server, results, floor } = report;
  const run = { suite, mode, rounds, server, ...machine };
  const measured = results.all.map(({ measure, subject, unit, values }) => ({
    scenario: measure,
    subject,
    unit,
    ...spread(values),
    values,
    run,
  }));
  if (floor === undefined) return measured;
  const ratios = results.all.flatMap(({ measure, subject }) => {
    const values = subject === floor ? [] : results.ratios(subject, floor, measure);
    return values.length === 0
      ? []
      : [{ scenario: measure, subject, unit: OF_FLOOR, ...spread(values), values, run }];
  });
  return [...measured, ...ratios];
}

function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The subjects that ours is measured beside. */
function othersOf({ subjects, ours }: Report): readonly string[] {
  return subjects.filter((subject) => subject !== ours);
}

function measureRow(report: Report, measure: { id: string; label: string; unit: string }): readonly string[] {
  const { results, subjects, ours } = report;
  const cells = subjects.map((subject) => {
    const found = results.spread(subject, measure.id);
    return found === undefined ? "–" : spreadText(found);
  });
  const ratios = othersOf(report).map((other) => {
    const values = results.ratios(ours, other, measure.id);
    return values.length === 0 ? "–" : spreadText(spread(values));
  });
  return [measure.label, measure.unit, ...cells, ...ratios];
}

/** The tables that are printed at the end. */
export function reportText(report: Report): string {
  const { suite, mode, rounds, machine, server, subjects, scenarios, results, gaps, aims } = report;
  const heads = othersOf(report).map((other) => `÷ ${other}`);
  const measured = scenarios
    .flatMap((scenario) => scenario.measures)
    .filter(({ id }) => subjects.some((subject) => results.spread(subject, id) !== undefined))
    .map((measure) => measureRow(report, measure));
  const lines = [
    `${suite}: ${rounds} round${rounds === 1 ? "" : "s"}, median (min–max)`,
    `${machine.cores} × ${machine.cpu}, ${machine.system}, Node ${machine.node}, SQLite ${machine.sqlite}, ` +
      `${machine.filesystem} with ${machine.syncMs.toFixed(2)} ms a sync, load before ${machine.loadBefore.toFixed(1)}, ` +
      `commit ${machine.commit}`,
    ...(server === null ? [] : [server]),
    "",
    textTable([["", "unit", ...subjects, ...heads], ...measured]),
  ];
  if (aims.length > 0) {
    const rows = aims.map(({ text, aim, reached, holds }) => [
      holds ? "✓" : "✗ MISSED",
      text,
      spreadText(reached),
      `aim: ${aim}`,
    ]);
    lines.push("", "Aims", textTable(rows));
  }
  if (gaps.length > 0) {
    const rows = gaps.map(({ scenario, subject, reason, isFailure }) => [
      isFailure ? "✗ FAILED" : "not measured",
      `${scenario}, ${subject}: ${reason}`,
    ]);
    lines.push("", textTable(rows));
  }
  if (mode === "quick")
    lines.push("", "A quick run shows that everything works; its numbers are no results.");
  if (machine.filesystem === "tmpfs")
    lines.push(
      "",
      "The stores were in memory (tmpfs): what is durable cost nothing. Set TMPDIR to a folder on a disk.",
    );
  return lines.join("\n");
}
