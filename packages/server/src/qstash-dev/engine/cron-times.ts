import { Cron } from "croner";
import { badRequest } from "./api-error.ts";

const WITH_ZONE = /^(?:CRON_)?TZ=(\S+)\s+(.+)$/;
const FORM =
  'Upstash-Cron must be a cron rule of five fields such as "*/5 * * * *", in UTC unless "CRON_TZ=Europe/Berlin " comes first';

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The first time after `after` at which a rule fires, in epoch milliseconds; throws ApiError for a bad or dead rule. */
export function nextCronTime(rule: string, after: number): number {
  const [, zone = "UTC", pattern = rule] = WITH_ZONE.exec(rule.trim()) ?? [];
  if (!isZone(zone)) throw badRequest("The time zone behind CRON_TZ is not known; an IANA name is expected.");
  let next: Date | null;
  try {
    next = new Cron(pattern, { timezone: zone, mode: "5-part" }).nextRun(new Date(after));
  } catch {
    throw badRequest(`${FORM}.`);
  }
  if (next === null) throw badRequest("The cron rule never fires.");
  return next.getTime();
}
