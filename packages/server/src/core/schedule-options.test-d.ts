import type { Misfire, ScheduleCallOptions } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type { ScheduleOptions, ScheduleRule } from "./schedule-options.ts";

interface Mail {
  to: string;
}
const mail: Mail = { to: "ada@example.com" };
const cron = "0 4 * * *";

// --- The rule ---

export const full: Required<ScheduleRule> = {
  id: "nightly",
  name: "Nightly mail",
  cron,
  timeZone: "Europe/Berlin",
  misfire: "skip",
  isPaused: true,
  backend: "bulk",
};
expectTypeOf<ScheduleRule["misfire"]>().toEqualTypeOf<Misfire | undefined>();
// @ts-expect-error -- there is no schedule without a rule
export const ruleless: ScheduleRule = { id: "nightly" };
// @ts-expect-error -- the name of a zone, not an offset in minutes
export const offset: ScheduleRule = { cron, timeZone: 60 };

// --- With an input ---

type MailOptions = ScheduleOptions<"sendEmail", Mail, "default" | "emails">;
export const mailOptions: MailOptions = { task: "sendEmail", cron, input: mail, queue: "emails" };
expectTypeOf<MailOptions>().toExtend<ScheduleRule & ScheduleCallOptions>();
expectTypeOf<MailOptions["task"]>().toEqualTypeOf<"sendEmail">();
// @ts-expect-error -- the task has an input
export const missing: MailOptions = { task: "sendEmail", cron };
// @ts-expect-error -- and this is none
export const wrong: MailOptions = { task: "sendEmail", cron, input: { to: 1 } };
// @ts-expect-error -- that is another task
export const other: MailOptions = { task: "tick", cron, input: mail };

// --- Without one, or with one that may be left out ---

export const tick: ScheduleOptions<"tick", void> = { task: "tick", cron };
// @ts-expect-error -- it takes none
export const fed: ScheduleOptions<"tick", void> = { task: "tick", cron, input: mail };
export const left: ScheduleOptions<"report", Mail | undefined> = { task: "report", cron };
export const given: ScheduleOptions<"report", Mail | undefined> = { task: "report", cron, input: mail };

// biome-ignore lint/suspicious/noExplicitAny: an input of z.any() is one all the same
export const anything: ScheduleOptions<"log", any> = { task: "log", cron, input: mail };
// @ts-expect-error -- nothing is an input of that
export const impossible: ScheduleOptions<"never", never> = { task: "never", cron };

// What is said of no task in particular takes any.
expectTypeOf(mailOptions).toExtend<ScheduleOptions>();
