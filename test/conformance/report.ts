// Prints which promise each backend keeps, as markdown tables: node test/conformance/report.ts [--cases]
import type { TestCase } from "vitest/node";
import { startVitest } from "vitest/node";
import type { ConformanceMeta } from "./conformance-case.ts";

interface Entry extends ConformanceMeta {
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped" | "pending";
  readonly note: string | undefined;
}

/** Numbers reasons in the order in which they are first given. */
class Footnotes {
  readonly #numbers = new Map<string, number>();

  mark(reason: string): string {
    const number = this.#numbers.get(reason) ?? this.#numbers.size + 1;
    this.#numbers.set(reason, number);
    return `[${number}]`;
  }

  lines(): string[] {
    return [...this.#numbers].map(([reason, number]) => `- [${number}] ${reason}`);
  }
}

function entryOf(test: TestCase): Entry[] {
  const { conformance } = test.meta();
  const { state, note } = test.result() as { state: Entry["state"]; note?: string };
  return conformance === undefined ? [] : [{ ...conformance, name: test.name, state, note }];
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function verdict(entries: readonly Entry[], footnotes: Footnotes): string {
  if (entries.length === 0) return "–";
  const count = (state: Entry["state"]): number => entries.filter((entry) => entry.state === state).length;
  const left = entries.filter(({ state }) => state === "skipped");
  const marks = unique(left.map(({ note }) => footnotes.mark(note ?? "no reason given"))).join("");
  if (left.length === entries.length) return `left out ${marks}`;
  const failed = count("failed") + count("pending");
  const parts = [failed > 0 ? `**${failed} broken**, ${count("passed")} kept` : `${count("passed")} kept`];
  if (left.length > 0) parts.push(`${left.length} left out ${marks}`);
  return parts.join(", ");
}

function reportOf(entries: readonly Entry[], withCases: boolean): string {
  const backends = unique(entries.map(({ backend }) => backend));
  const footnotes = new Footnotes();
  const cells = (chosen: readonly Entry[]): string[] =>
    backends.map((backend) =>
      verdict(
        chosen.filter((entry) => entry.backend === backend),
        footnotes,
      ),
    );

  const sections = unique(entries.map(({ section }) => section)).flatMap((section) => {
    const own = entries.filter((entry) => entry.section === section);
    const head = [withCases ? `**${section}**` : section, own[0]?.rows.join(", ") ?? "", ...cells(own)];
    if (!withCases) return [head];
    const names = unique(own.map(({ name }) => name));
    return [head, ...names.map((name) => [name, "", ...cells(own.filter((entry) => entry.name === name))])];
  });
  const defects = unique(entries.flatMap(({ defect }) => defect ?? [])).map((defect) => {
    const own = entries.filter((entry) => entry.defect === defect);
    return [defect, unique(own.map(({ name }) => name)).join("; "), ...cells(own)];
  });

  return [
    ...table(["promise", "rows of DESIGN section 3", ...backends], sections),
    "",
    ...table(["defect of a seed library", "kept out by", ...backends], defects.sort()),
    "",
    ...footnotes.lines(),
  ].join("\n");
}

const vitest = await startVitest("test", ["test/conformance"], {
  reporters: [{}],
  project: ["conformance"],
  watch: false,
});
const tests = vitest.state.getTestModules().flatMap((file) => [...file.children.allTests()]);
const entries = tests.flatMap(entryOf);
console.log(reportOf(entries, process.argv.includes("--cases")));
await vitest.close();
process.exitCode = entries.some(({ state }) => state === "failed") ? 1 : 0;
