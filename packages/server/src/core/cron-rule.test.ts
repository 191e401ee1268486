import { isTaskError } from "@taskwright/shared";
import { describe, expect, it, test } from "vitest";
import { readCronRule } from "./cron-rule.ts";

/** The next ticks of a rule after a time, in UTC and without seconds: `2030-01-31 09:00`. */
function ticks(
  cron: string,
  { zone, after, count }: { readonly zone?: string; readonly after: string; readonly count: number },
): readonly string[] {
  const rule = readCronRule(cron, zone);
  const found: string[] = [];
  let time: number | null = Date.parse(after);
  while (found.length < count) {
    time = rule.next(time);
    if (time === null) break;
    expect(time % 60_000).toBe(0);
    found.push(new Date(time).toISOString().slice(0, 16).replace("T", " "));
  }
  return found;
}

/** The next ticks in one year's January and after. */
function in2030(cron: string, count = 3): readonly string[] {
  return ticks(cron, { after: "2030-01-01T00:00:00Z", count });
}

function refusal(cron: unknown, zone?: unknown): { message: string; option: unknown } {
  try {
    readCronRule(cron, zone);
  } catch (error) {
    if (!isTaskError(error, "INVALID_OPTION")) throw error;
    expect(error.cause).toBe(undefined);
    return { message: error.message, option: (error.data as { option?: unknown }).option };
  }
  throw new Error("It was not refused.");
}

describe("the five fields", () => {
  test.each([
    ["* * * * *", ["2030-01-01 00:01", "2030-01-01 00:02", "2030-01-01 00:03"]],
    ["5 4 * * *", ["2030-01-01 04:05", "2030-01-02 04:05", "2030-01-03 04:05"]],
    ["0 0 1 * *", ["2030-02-01 00:00", "2030-03-01 00:00", "2030-04-01 00:00"]],
    ["0 0 1 4,10 *", ["2030-04-01 00:00", "2030-10-01 00:00", "2031-04-01 00:00"]],
    ["0 0 1 jan,JUL *", ["2030-07-01 00:00", "2031-01-01 00:00", "2031-07-01 00:00"]],
    ["0 9 * * MON-FRI", ["2030-01-01 09:00", "2030-01-02 09:00", "2030-01-03 09:00"]],
    ["*/20 * * * *", ["2030-01-01 00:20", "2030-01-01 00:40", "2030-01-01 01:00"]],
    ["5-59/25 8-10/2 * * *", ["2030-01-01 08:05", "2030-01-01 08:30", "2030-01-01 08:55"]],
    ["59 23 31 12 *", ["2030-12-31 23:59", "2031-12-31 23:59", "2032-12-31 23:59"]],
  ])("%s", (cron, expected) => {
    expect(in2030(cron)).toEqual(expected);
  });

  test.each(["0", "7", "SUN", "sun"])("Sunday is %s", (day) => {
    expect(in2030(`0 0 * * ${day}`, 2)).toEqual(["2030-01-06 00:00", "2030-01-13 00:00"]);
  });

  it("may end a range with Sunday", () => {
    expect(in2030("0 0 * * 6-7")).toEqual(["2030-01-05 00:00", "2030-01-06 00:00", "2030-01-12 00:00"]);
  });

  it("means either day where day of month and day of week both say one, as cron does", () => {
    expect(in2030("0 0 13 * 5", 4)).toEqual([
      "2030-01-04 00:00",
      "2030-01-11 00:00",
      "2030-01-13 00:00",
      "2030-01-18 00:00",
    ]);
  });

  it("is kept with single spaces", () => {
    expect(readCronRule("  0  4\t* *   1 ")).toMatchObject({ cron: "0 4 * * 1", timeZone: "UTC" });
  });
});

describe("the next tick", () => {
  it("is after the time, to the millisecond", () => {
    const { next } = readCronRule("* * * * *");
    expect(next(59_999)).toBe(60_000);
    expect(next(60_000)).toBe(120_000);
    expect(next(60_001)).toBe(120_000);
  });

  it("waits for a leap day, also over a year that is none", () => {
    expect(ticks("0 0 29 2 *", { after: "2028-03-01T00:00:00Z", count: 2 })).toEqual([
      "2032-02-29 00:00",
      "2036-02-29 00:00",
    ]);
    expect(ticks("0 0 29 2 *", { after: "2096-03-01T00:00:00Z", count: 1 })).toEqual(["2104-02-29 00:00"]);
  });

  test.each(["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *"])("never comes of %s", (cron) => {
    expect(readCronRule(cron).next(Date.UTC(2030, 0))).toBe(null);
  });
});

describe("a zone", () => {
  it("is what the rule is meant in", () => {
    const after = "2030-01-01T00:00:00Z";
    expect(ticks("0 4 * * *", { zone: "Asia/Tokyo", after, count: 1 })).toEqual(["2030-01-01 19:00"]);
    expect(ticks("0 4 * * *", { zone: "Asia/Kolkata", after, count: 1 })).toEqual(["2030-01-01 22:30"]);
  });

  it("may be said by CRON_TZ in the rule", () => {
    const said = { cron: "0 4 * * *", timeZone: "Asia/Tokyo" };
    expect(readCronRule("CRON_TZ=Asia/Tokyo 0 4 * * *")).toMatchObject(said);
    expect(readCronRule(" CRON_TZ=Asia/Tokyo  0 4 * * * ", "Asia/Tokyo")).toMatchObject(said);
  });
});

// Berlin skips 02:00 to 03:00 on 2030-03-31, and repeats it on 2030-10-27; New York skips 02:00 to 03:00 on 2030-03-10,
// and repeats 01:00 to 02:00 on 2030-11-03.
describe("daylight saving", () => {
  const zones = {
    "Europe/Berlin": { spring: "2030-03-30T12:00:00Z", autumn: "2030-10-26T12:00:00Z" },
    "America/New_York": { spring: "2030-03-09T12:00:00Z", autumn: "2030-11-02T12:00:00Z" },
  } as const;

  test.each([
    ["30 2 * * *", "Europe/Berlin", ["2030-03-31 01:00", "2030-04-01 00:30"]],
    ["30 2 * * *", "America/New_York", ["2030-03-10 07:00", "2030-03-11 06:30"]],
    ["30 2,14 * * *", "Europe/Berlin", ["2030-03-30 13:30", "2030-03-31 01:00", "2030-03-31 12:30"]],
    ["0,30 2 * * *", "Europe/Berlin", ["2030-03-31 01:00", "2030-04-01 00:00", "2030-04-01 00:30"]],
  ] as const)("%s in %s comes once at the end of the gap in spring", (cron, zone, expected) => {
    expect(ticks(cron, { zone, after: zones[zone].spring, count: expected.length })).toEqual(expected);
  });

  test.each([
    ["30 2 * * *", "Europe/Berlin", ["2030-10-27 00:30", "2030-10-28 01:30"]],
    ["30 1 * * *", "America/New_York", ["2030-11-03 05:30", "2030-11-04 06:30"]],
    ["30 2,14 * * *", "Europe/Berlin", ["2030-10-26 12:30", "2030-10-27 00:30", "2030-10-27 13:30"]],
  ] as const)("%s in %s comes once in autumn, the first time", (cron, zone, expected) => {
    expect(ticks(cron, { zone, after: zones[zone].autumn, count: expected.length })).toEqual(expected);
  });

  test.each([
    ["Europe/Berlin", "2030-03-31T00:30:00Z"],
    ["Europe/Berlin", "2030-10-27T00:30:00Z"],
    ["America/New_York", "2030-03-10T06:30:00Z"],
    ["America/New_York", "2030-11-03T05:30:00Z"],
  ])("a rule for every hour comes every hour in %s, after %s", (zone, after) => {
    const start = Date.parse(after);
    const expected = [0, 1, 2, 3].map((hour) =>
      new Date(start + 15 * 60_000 + hour * 3_600_000).toISOString().slice(0, 16).replace("T", " "),
    );
    expect(ticks("45 * * * *", { zone, after, count: 4 })).toEqual(expected);
  });

  it("keeps a rule with a step to the clock: none in the gap, and both times in the repeated hour", () => {
    const zone = "Europe/Berlin";
    expect(ticks("*/30 2 * * *", { zone, after: zones[zone].spring, count: 1 })).toEqual([
      "2030-04-01 00:00",
    ]);
    expect(ticks("*/30 2 * * *", { zone, after: zones[zone].autumn, count: 5 })).toEqual([
      "2030-10-27 00:00",
      "2030-10-27 00:30",
      "2030-10-27 01:00",
      "2030-10-27 01:30",
      "2030-10-28 01:00",
    ]);
  });
});

describe("what is no rule is refused", () => {
  const expected =
    'cron must be five fields (minute, hour, day of month, month, day of week), such as "0 4 * * 1"; ';
  const forms = "*, values, ranges such as 1-5, or a step such as */2";

  test.each([
    [undefined, "got undefined"],
    [null, "got null"],
    [4, "got number"],
    [["0 4 * * *"], "got object"],
    ["", "got an empty string"],
    ["  ", "got an empty string"],
    ["@daily", "got a string of 1 field"],
    ["CRON_TZ=UTC @daily", "got a string of 1 field"],
    ["2030-01-01T00:00:00", "got a string of 1 field"],
    ["0 4 * *", "got a string of 4 fields"],
    ["0 0 4 * * *", "got a string of 6 fields"],
    ["0 4 * * * ".padEnd(251), "got 251 characters, and 250 are the most"],
    ["60 4 * * *", `its minute must be of 0 to 59: ${forms}`],
    ["*/0 * * * *", `its minute must be of 0 to 59: ${forms}`],
    ["-1 * * * *", `its minute must be of 0 to 59: ${forms}`],
    ["0 24 * * *", `its hour must be of 0 to 23: ${forms}`],
    ["0 22-2 * * *", `its hour must be of 0 to 23: ${forms}`],
    ["0 4 0 * *", `its day of month must be of 1 to 31: ${forms}`],
    ["0 4 * 13 *", `its month must be of 1 to 12 or JAN to DEC: ${forms}`],
    ["0 4 * * 8", `its day of week must be of 0 to 7 or SUN to SAT: ${forms}`],
    ["0 4 * * *;reboot", `its day of week must be of 0 to 7 or SUN to SAT: ${forms}`],
  ])("%j", (cron, fault) => {
    expect(refusal(cron)).toEqual({ message: `${expected}${fault}.`, option: "cron" });
  });

  const zoneExpected = 'timeZone must be the IANA name of a zone, such as "Europe/Berlin"; ';
  test.each([
    [5, "got number"],
    [null, "got null"],
    ["", "got a string of 0 characters that names none"],
    ["Europe/Bern", "got a string of 11 characters that names none"],
    ["+02:00", "got an offset"],
  ])("the zone %j", (zone, fault) => {
    expect(refusal("0 4 * * *", zone)).toEqual({ message: `${zoneExpected}${fault}.`, option: "timeZone" });
  });

  it("says the same of a zone in the rule, and refuses two", () => {
    expect(refusal("CRON_TZ=Europe/Bern 0 4 * * *").message).toBe(
      `${zoneExpected}got a string of 11 characters that names none.`,
    );
    expect(refusal("CRON_TZ=Asia/Tokyo 0 4 * * *", "UTC")).toEqual({
      message: "cron says another zone by CRON_TZ than timeZone; give only one of them.",
      option: "timeZone",
    });
  });

  test.each([
    ["s3cret 4 * * *", undefined],
    ["0 4 * * s3cret", undefined],
    ["s3cret", undefined],
    ["0 4 * * *", "s3cret"],
    ["CRON_TZ=s3cret 0 4 * * *", undefined],
  ])("and nothing of %j and %j is quoted", (cron, zone) => {
    expect(refusal(cron, zone).message).not.toContain("s3cret");
  });
});
