import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Arguments {
  readonly suite: string;
  readonly json: string | null;
  readonly rounds: number;
  readonly only: readonly string[] | null;
  readonly isQuick: boolean;
  readonly profiles: string | null;
}

const DEFAULT_ROUNDS = 3;
const MOST_ROUNDS = 99;

/** Something wrong with the command line; its message is for the user. */
export class UsageError extends Error {}

/** How to call it. */
export function usage(suites: readonly string[], scenarios: readonly string[]): string {
  return [
    "npm run bench -- SUITE [--json FILE] [--rounds N] [--only SCENARIO,…] [--quick] [--profile FOLDER]",
    "",
    `  SUITE       ${suites.join(", ")}`,
    "  --json      also write the numbers as rows { scenario, subject, unit, median, min, max, … }",
    `  --rounds    how often each subject has its turn (${DEFAULT_ROUNDS}; 1 when quick)`,
    `  --only      ${scenarios.join(", ")}`,
    "  --quick     short, to see whether everything works; its numbers are no results",
    "  --profile   write CPU profiles of what is measured; its numbers are no results either",
  ].join("\n");
}

function roundsOf(text: string | undefined, isQuick: boolean): number {
  if (text === undefined) return isQuick ? 1 : DEFAULT_ROUNDS;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new UsageError(`--rounds must be an integer from 1 to ${MOST_ROUNDS}.`);
}

function onlyOf(text: string | undefined, scenarios: readonly string[]): readonly string[] | null {
  if (text === undefined) return null;
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (!scenarios.includes(name))
      throw new UsageError(`There is no scenario "${name}"; there is: ${scenarios.join(", ")}.`);
  }
  return names;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "string" },
        rounds: { type: "string" },
        only: { type: "string" },
        quick: { type: "boolean", default: false },
        profile: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Reads the command line; null when it asks for help. Throws {@link UsageError}. */
export function readArguments(
  args: readonly string[],
  known: { readonly suites: readonly string[]; readonly scenarios: readonly string[] },
): Arguments | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const [suite, ...more] = positionals;
  if (suite === undefined || more.length > 0) throw new UsageError("Name one suite.");
  if (!known.suites.includes(suite))
    throw new UsageError(`There is no suite "${suite}"; there is: ${known.suites.join(", ")}.`);
  return {
    suite,
    json: values.json ?? null,
    rounds: roundsOf(values.rounds, values.quick),
    only: onlyOf(values.only, known.scenarios),
    isQuick: values.quick,
    profiles: values.profile ?? null,
  };
}
