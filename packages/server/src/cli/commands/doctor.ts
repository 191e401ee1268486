import { type Command, Help } from "commander";
import type { CliApp } from "../app.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import { type DoctorFinding, examine } from "../examination.ts";
import { printJson } from "../json-output.ts";
import { counted, painter, safeLines, type TextStyle } from "../terminal-text.ts";

interface DoctorOptions {
  readonly json?: boolean;
}

const SIGNS = {
  ok: ["green", "ok     "],
  warning: ["yellow", "warning"],
  error: ["red", "error  "],
} as const satisfies Record<DoctorFinding["level"], readonly [TextStyle, string]>;

function printFindings(io: CliIo, findings: readonly DoctorFinding[]): void {
  const paint = painter(io.stdout, io.env);
  const longest = Math.max(...findings.map(({ subject }) => subject.length));
  const margin = " ".repeat(9 + longest + 2);
  const room =
    io.stdout.isTTY === true ? (io.stdout.columns ?? 80) - margin.length : Number.POSITIVE_INFINITY;
  const wrapped = (text: string) =>
    room === Number.POSITIVE_INFINITY ? text : new Help().boxWrap(text, room);
  for (const { level, subject, message } of findings) {
    const [style, sign] = SIGNS[level];
    const text = wrapped(safeLines(message)).replaceAll("\n", `\n${margin}`);
    io.stdout.write(`${paint(style, sign)}  ${subject.padEnd(longest)}  ${text}\n`);
  }
  const count = (level: DoctorFinding["level"]) =>
    findings.filter((finding) => finding.level === level).length;
  io.stdout.write(`\n${counted(count("error"), "error")}, ${counted(count("warning"), "warning")}.\n`);
}

/** Adds `taskwright doctor`. */
export function addDoctorCommand(program: Command, app: CliApp): void {
  const command = program
    .command("doctor")
    .summary("examine the config and its backends")
    .description("Examine Node, the config, its tasks and each backend. Exits 1 when it finds an error.")
    .option("--json", "print JSON: { ok, findings: [{ subject, level, message }] }")
    .action(async (options: DoctorOptions) => {
      const findings = await examine(app, process.versions.node);
      const ok = findings.every(({ level }) => level !== "error");
      if (options.json === true) printJson(app.io, { ok, findings });
      else printFindings(app.io, findings);
      app.exitCode = ok ? 0 : 1;
    });
  withExamples(command, ["doctor"]);
}
