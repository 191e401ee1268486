import { writeFileSync } from "node:fs";
import type { AimAnswer } from "../aims.ts";
import type { Arguments } from "../harness/arguments.ts";
import { describeMachine } from "../harness/machine.ts";
import { reportText, rowsOf } from "../harness/report.ts";
import { Results } from "../harness/results.ts";
import { spread } from "../harness/statistics.ts";
import type { ProjectFiles } from "./project-layout.ts";
import { taskwrightProject, taskwrightTrpcProject } from "./taskwright-project.ts";
import { trpcProject } from "./trpc-project.ts";
import { checkTypes, ProjectFolder } from "./type-check.ts";

/** The suite's name on the command line. */
export const TYPES_SUITE = "types";

const OURS = "taskwright";
const OVER_TRPC = "taskwright over trpc";
const BASE = "trpc";
const SUBJECTS: Readonly<Record<string, (taskCount: number) => ProjectFiles>> = {
  [OURS]: taskwrightProject,
  [OVER_TRPC]: taskwrightTrpcProject,
  [BASE]: trpcProject,
};

const MOST_TIMES_TRPC = 1.5;

const TIME = { id: "types.time", label: "tsc, as users run it", unit: "s" };
const CHECK = { id: "types.check", label: "of which checking", unit: "s" };
const TIME_OF_ONE = { id: "types.time-1", label: "tsc --singleThreaded", unit: "s" };
const MEMORY_OF_ONE = { id: "types.memory-1", label: "its memory", unit: "MB" };
const INSTANTIATIONS = { id: "types.instantiations", label: "its instantiations", unit: "thousands" };
const MEASURES = [TIME, CHECK, TIME_OF_ONE, MEMORY_OF_ONE, INSTANTIATIONS];

async function measure(folder: ProjectFolder, add: (of: (typeof MEASURES)[number], value: number) => void) {
  const usual = await checkTypes(folder, { isSingleThreaded: false });
  add(TIME, usual.seconds);
  add(CHECK, usual.checkSeconds);
  const single = await checkTypes(folder, { isSingleThreaded: true });
  add(TIME_OF_ONE, single.seconds);
  add(MEMORY_OF_ONE, single.memoryMb);
  add(INSTANTIATIONS, single.instantiations / 1_000);
}

function aims(results: Results): readonly AimAnswer[] {
  return [TIME, TIME_OF_ONE].map(({ id, label }) => {
    const reached = spread(results.ratios(OURS, BASE, id));
    return {
      text: `${label}: beside as many tRPC procedures`,
      aim: `at most ${MOST_TIMES_TRPC} of the floor`,
      reached,
      holds: reached.median <= MOST_TIMES_TRPC,
    };
  });
}

/** Compares what tsc takes for a router of tasks, handlers and calls with what it takes for the same in tRPC. */
export async function runTypesSuite(args: Arguments, onStep: (text: string) => void): Promise<void> {
  if (args.only !== null || args.profiles !== null) {
    console.error("The suite types takes neither --only nor --profile.");
    process.exitCode = 2;
    return;
  }
  const taskCount = args.isQuick ? 60 : 300;
  const folders = Object.entries(SUBJECTS).map(([subject, project]) => ({
    subject,
    folder: new ProjectFolder(project(taskCount)),
  }));
  process.on("exit", () => {
    for (const { folder } of folders) folder[Symbol.dispose]();
  });
  const machine = describeMachine(folders[0]?.folder.path ?? ".");
  const results = new Results();
  // The round before the first one reads all files once, so that none of them is read from the disk later.
  for (let round = 0; round <= args.rounds; round++) {
    for (const { subject, folder } of folders) {
      onStep(`${taskCount} tasks, round ${round} of ${args.rounds}: ${subject}`);
      await measure(folder, (of, value) => {
        if (round > 0) results.add(subject, of, value);
      });
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const report = {
    suite: TYPES_SUITE,
    mode: args.isQuick ? ("quick" as const) : ("full" as const),
    rounds: args.rounds,
    machine,
    server: null,
    scenarios: [{ measures: MEASURES }],
    subjects: folders.map(({ subject }) => subject),
    ours: folders.find(({ subject }) => subject !== BASE)?.subject ?? "",
    floor: BASE,
    results,
    gaps: [],
    aims: aims(results),
  };
  console.log(
    `${reportText(report)}\n\n${taskCount} tasks, all handled and all called, over tRPC by two clients; the floor is tRPC.`,
  );
  if (args.json !== null) writeFileSync(args.json, `${JSON.stringify(rowsOf(report), null, 2)}\n`);
}
