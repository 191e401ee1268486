import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkAims } from "./aims.ts";
import { type Arguments, readArguments, UsageError, usage } from "./harness/arguments.ts";
import { describeMachine } from "./harness/machine.ts";
import { killActors } from "./harness/remote-actor.ts";
import { reportText, rowsOf } from "./harness/report.ts";
import { Results } from "./harness/results.ts";
import { measureInRounds } from "./harness/rounds.ts";
import { FULL, QUICK } from "./harness/scenario.ts";
import { ScratchFolder } from "./harness/scratch-folder.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { runSizeSuite, SIZE_SUITE } from "./size/suite.ts";
import { describeServer, SUITE_NAMES, subjectsOf } from "./subjects/suites.ts";
import { runTypesSuite, TYPES_SUITE } from "./types/suite.ts";

const scenarioNames = SCENARIOS.map(({ name }) => name);
const suiteNames = [...SUITE_NAMES, TYPES_SUITE, SIZE_SUITE];

function argumentsOrExit(): Arguments {
  try {
    const given = readArguments(process.argv.slice(2), { suites: suiteNames, scenarios: scenarioNames });
    if (given !== null) return given;
    console.log(usage(suiteNames, scenarioNames));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage(suiteNames, scenarioNames)}`);
    process.exit(2);
  }
}

function showStep(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else process.stderr.write(`${text}\n`);
}

const args = argumentsOrExit();
const profiles = args.profiles === null ? null : resolve(args.profiles);
if (profiles !== null) mkdirSync(profiles, { recursive: true });

const scratch = new ScratchFolder();
process.on("exit", () => {
  killActors();
  scratch.removeAll();
});
for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
] as const) {
  process.on(signal, () => process.exit(128 + number));
}

if (args.suite === SIZE_SUITE) {
  await runSizeSuite(args);
  process.exit();
}

if (args.suite === TYPES_SUITE) {
  await runTypesSuite(args, showStep);
  process.exit();
}

const machine = describeMachine(scratch.path);
const server = await describeServer(args.suite);
const subjects = await subjectsOf(args.suite);
const scenarios = SCENARIOS.filter(({ name }) => args.only?.includes(name) ?? true);
const results = new Results();
const gaps = await measureInRounds(
  {
    suite: args.suite,
    subjects,
    scenarios,
    sizes: args.isQuick ? QUICK : FULL,
    rounds: args.rounds,
    profiles,
    scratch,
    onStep: showStep,
  },
  results,
);
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");

const floor = subjects.find(({ isFloor }) => isFloor)?.name;
const ours = subjects.find(({ isFloor, isPeer }) => !isFloor && isPeer !== true)?.name ?? "";
const report = {
  suite: args.suite,
  mode: args.isQuick ? ("quick" as const) : ("full" as const),
  rounds: args.rounds,
  machine,
  server,
  scenarios,
  subjects: subjects.map(({ name }) => name),
  ours,
  floor,
  results,
  gaps,
  aims: checkAims(args.suite, results, { ours, floor }),
};
console.log(reportText(report));
if (args.json !== null) writeFileSync(args.json, `${JSON.stringify(rowsOf(report), null, 2)}\n`);
process.exitCode = gaps.some(({ isFailure }) => isFailure) ? 1 : 0;
