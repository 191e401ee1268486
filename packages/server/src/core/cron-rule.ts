import { TaskError } from "@taskwright/shared";
import { Cron } from "croner";

const LONGEST_RULE = 250;
const FIELDS = [
  { name: "minute", values: "0 to 59" },
  { name: "hour", values: "0 to 23" },
  { name: "day of month", values: "1 to 31" },
  { name: "month", values: "1 to 12 or JAN to DEC" },
  { name: "day of week", values: "0 to 7 or SUN to SAT" },
] as const;
const EXPECTED = `cron must be five fields (${FIELDS.map(({ name }) => name).join(", ")}), such as "0 4 * * 1"`;
/** How some services write a zone into the rule itself. */
const ZONE_IN_RULE = /^CRON_TZ=(\S+)\s+(.*)$/s;
const SPACES = /\s+/;

/** A cron rule that has been read. */
export interface CronRule {
  readonly cron: string;
  readonly timeZone: string;
  /** The first tick after a time, in epoch milliseconds; null when there is none. */
  next(after: number): number | null;
}

function invalid(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

/** Reads five fields; null when they are no rule. */
function ruleOf(fields: string, timezone: string): Cron | null {
  try {
    return new Cron(fields, { timezone, mode: "5-part", fixedTimeRule: "no-wildcard", paused: true });
  } catch {
    // Its message quotes the rule, which is somebody's input.
    return null;
  }
}

/** What is wrong with a rule; never what it says. */
function faultOf(cron: unknown, fields: readonly string[]): string {
  if (typeof cron !== "string") return `got ${cron === null ? "null" : typeof cron}`;
  if (cron.length > LONGEST_RULE) return `got ${cron.length} characters, and ${LONGEST_RULE} are the most`;
  if (fields.length !== FIELDS.length)
    return `got ${fields.length === 0 ? "an empty string" : counted(fields.length)}`;
  const wrong = FIELDS.find((_, place) => {
    const alone = FIELDS.map((_, index) => (index === place ? fields[index] : "*")).join(" ");
    return ruleOf(alone, "UTC") === null;
  });
  return wrong === undefined
    ? "got five that are no rule together"
    : `its ${wrong.name} must be of ${wrong.values}: *, values, ranges such as 1-5, or a step such as */2`;
}

function counted(fields: number): string {
  return fields === 1 ? "a string of 1 field" : `a string of ${fields} fields`;
}

function timeZoneOf(timeZone: unknown): string {
  const expected = 'timeZone must be the IANA name of a zone, such as "Europe/Berlin"';
  if (typeof timeZone !== "string")
    throw invalid("timeZone", `${expected}; got ${timeZone === null ? "null" : typeof timeZone}.`);
  // A zone knows daylight saving, which an offset does not.
  if (/^[+-]/.test(timeZone)) throw invalid("timeZone", `${expected}; got an offset.`);
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    // Its message quotes the name, which is somebody's input.
    throw invalid("timeZone", `${expected}; got a string of ${timeZone.length} characters that names none.`);
  }
  return timeZone;
}

/**
 * Reads a cron rule of five fields in a time zone; `CRON_TZ=Zone ` before the rule says the zone too.
 *
 * A time that daylight saving skips comes at the end of the gap, and one that it repeats comes once, the first time; a
 * rule with `*` or a step in its minutes or hours goes by the clock instead, as in Vixie cron. Throws INVALID_OPTION.
 */
export function readCronRule(cron: unknown, timeZone: unknown = undefined): CronRule {
  const written = typeof cron === "string" && cron.length <= LONGEST_RULE ? cron.trim() : "";
  const inRule = ZONE_IN_RULE.exec(written);
  if (inRule !== null && timeZone !== undefined && timeZone !== inRule[1])
    throw invalid("timeZone", "cron says another zone by CRON_TZ than timeZone; give only one of them.");
  const zone = timeZoneOf(inRule?.[1] ?? (timeZone === undefined ? "UTC" : timeZone));
  const fields = (inRule?.[2] ?? written).split(SPACES).filter((field) => field !== "");
  // croner would also take a date, a name such as @daily, and more fields.
  const rule = fields.length === FIELDS.length ? ruleOf(fields.join(" "), zone) : null;
  if (rule === null) throw invalid("cron", `${EXPECTED}; ${faultOf(cron, fields)}.`);
  return {
    cron: fields.join(" "),
    timeZone: zone,
    next: (after) => rule.nextRun(new Date(after))?.getTime() ?? null,
  };
}
