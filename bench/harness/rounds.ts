import type { Results } from "./results.ts";
import type { Scenario, Sizes } from "./scenario.ts";
import type { ScratchFolder } from "./scratch-folder.ts";
import { Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

const LONGEST_MEASUREMENT_MS = 150_000;

/** What to measure, and how. */
export interface Plan {
  readonly suite: string;
  readonly subjects: readonly Subject[];
  readonly scenarios: readonly Scenario[];
  readonly sizes: Sizes;
  readonly rounds: number;
  readonly profiles: string | null;
  readonly scratch: ScratchFolder;
  /** Told of each measurement before it begins. */
  readonly onStep: (text: string) => void;
}

/** A measurement that failed, or one that a subject cannot take part in. */
export interface Gap {
  readonly scenario: string;
  readonly subject: string;
  readonly reason: string;
  readonly isFailure: boolean;
}

function reasonToSkip(scenario: Scenario, subject: Subject): string | undefined {
  if (scenario.needsSharedStore && !subject.isShared) return "its store cannot be shared by processes";
  if (scenario.isOursOnly === true && subject.isFloor) return "it says nothing about loops written by hand";
  if (scenario.isOursOnly === true && subject.isPeer === true) return "it is about ourselves";
  return undefined;
}

/**
 * Measures the subjects in turn, A B C A B C, each time with a fresh store and fresh processes.
 *
 * A measurement that fails leaves its subject out of that scenario and the others go on.
 */
export async function measureInRounds(plan: Plan, results: Results): Promise<readonly Gap[]> {
  const gaps: Gap[] = [];
  for (const scenario of plan.scenarios) {
    const rounds = Math.min(plan.rounds, scenario.mostRounds ?? plan.rounds);
    const out = new Set<Subject>();
    for (const subject of plan.subjects) {
      const reason = reasonToSkip(scenario, subject);
      if (reason === undefined) continue;
      out.add(subject);
      gaps.push({ scenario: scenario.name, subject: subject.name, reason, isFailure: false });
    }
    for (let round = 1; round <= rounds; round++) {
      for (const subject of plan.subjects) {
        if (out.has(subject)) continue;
        plan.onStep(`${scenario.name}, round ${round} of ${rounds}: ${subject.name}`);
        try {
          await measureOnce(plan, { scenario, subject, results });
        } catch (error) {
          out.add(subject);
          const reason = error instanceof Error ? error.message : String(error);
          gaps.push({ scenario: scenario.name, subject: subject.name, reason, isFailure: true });
        }
      }
    }
  }
  return gaps;
}

async function measureOnce(
  plan: Plan,
  { scenario, subject, results }: { scenario: Scenario; subject: Subject; results: Results },
): Promise<void> {
  const { suite, scratch, profiles } = plan;
  const options = { suite, subject, scratch, profiles, withinMs: LONGEST_MEASUREMENT_MS };
  const numbers = await Stage.use(options, (stage) => scenario.run(stage, plan.sizes));
  for (const measure of scenario.measures) {
    const value = numbers[measure.id];
    if (value === undefined && measure.isOptional === true) continue;
    if (value === undefined || !Number.isFinite(value)) throw new Error(`${measure.id} came to no number.`);
    results.add(subject.name, measure, value);
  }
}
