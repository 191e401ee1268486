import type { ScheduleRecord } from "@taskwright/server/backend";
import { NOW } from "./sqlite-store.ts";

/** A schedule of `mail.send` that is due, in its first revision. */
export function aSchedule(given: Partial<ScheduleRecord> = {}): ScheduleRecord {
  return {
    id: "nightly",
    name: "Nightly",
    path: "mail.send",
    cron: "0 4 * * *",
    timeZone: "Europe/Berlin",
    codec: "json",
    input: '{"to":"ada@example.com"}',
    options: '{"priority":3}',
    misfire: "once",
    isPaused: false,
    nextRunAt: NOW,
    lastRunAt: null,
    lastTaskId: null,
    createdAt: NOW,
    updatedAt: NOW,
    pausedAt: null,
    resumedAt: null,
    revision: 1,
    ...given,
  };
}
