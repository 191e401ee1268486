import { TaskError } from "@taskwright/shared";
import type { Schedule } from "@upstash/qstash";
import type { ScheduleRecord, ScheduleStore, ScheduleSync } from "../../backend/index.ts";
import { readMessage } from "./message.ts";
import type { ResolvedQstashOptions } from "./options.ts";
import { outgoingSchedule } from "./outgoing-message.ts";
import type { QstashSender } from "./sender.ts";

/** What is kept here of a schedule that QStash runs: it must not look due to a worker that pulls. */
function toKept(schedule: ScheduleRecord): ScheduleRecord {
  return { ...schedule, nextRunAt: null, lastRunAt: null, lastTaskId: null };
}

/** A schedule of QStash's as it was saved; null for one that is not of this library's. */
function toRecord(remote: Schedule): ScheduleRecord | null {
  const body = remote.body ?? Buffer.from(remote.bodyBase64 ?? "", "base64").toString("utf8");
  try {
    const message = readMessage(body);
    if (message.kind !== "schedule") return null;
    return { ...message.schedule, ...livePart(remote) };
  } catch {
    // Somebody else's schedule may go to the same URL.
    return null;
  }
}

/** What only QStash knows. */
function livePart(
  remote: Schedule,
): Pick<ScheduleRecord, "isPaused" | "nextRunAt" | "lastRunAt" | "lastTaskId"> {
  const { isPaused, nextScheduleTime, lastScheduleTime } = remote;
  return {
    isPaused,
    nextRunAt: isPaused ? null : (nextScheduleTime ?? null),
    lastRunAt: lastScheduleTime ?? null,
    lastTaskId: null,
  };
}

/** Whether two records say the same, whatever only QStash knows. */
function isSame(left: ScheduleRecord, right: ScheduleRecord): boolean {
  const ofOne = (record: ScheduleRecord) => JSON.stringify(Object.entries(toKept(record)).sort());
  return ofOne(left) === ofOne(right);
}

/** Schedules that QStash runs; with a store they are kept there as well, which is what decides between changes at once. */
export class QstashSchedules implements ScheduleStore {
  readonly #options: ResolvedQstashOptions;
  readonly #sender: QstashSender;
  readonly #kept: ScheduleStore | undefined;

  constructor(options: ResolvedQstashOptions, sender: QstashSender) {
    this.#options = options;
    this.#sender = sender;
    const kept = options.store?.schedules;
    this.#kept = kept;
    if (kept !== undefined) this.sync = ({ now }) => this.#sync(kept, now);
  }

  /** Makes the kept schedules those that QStash has for this URL; absent where none are kept, and all is read from QStash. */
  readonly sync?: (request: { readonly now: number }) => Promise<ScheduleSync>;

  readonly save: ScheduleStore["save"] = async ({ schedule, call, now }) => {
    const stored = await this.get({ id: schedule.id });
    if (schedule.revision !== (stored?.revision ?? 0) + 1) return "changed";
    // QStash first: what it did not take must not look like a schedule. The loser of two changes at once tries again.
    if (call === null && stored === null) throw unknownTask(schedule);
    if (call !== null)
      await this.#sender.ask((client) =>
        client.schedules.create(outgoingSchedule(this.#options, schedule, call)),
      );
    await this.#sender.ask((client) =>
      schedule.isPaused
        ? client.schedules.pause({ schedule: schedule.id })
        : client.schedules.resume({ schedule: schedule.id }),
    );
    if (this.#kept === undefined) return "saved";
    // One that somebody deleted at QStash begins anew.
    if (stored === null) await this.#kept.delete({ id: schedule.id });
    return this.#kept.save({ schedule: toKept(schedule), call, tasks: [], now });
  };

  readonly get: ScheduleStore["get"] = async ({ id }) => {
    const remote = await this.#remote(id);
    if (remote === null) return null;
    if (this.#kept === undefined) return toRecord(remote);
    const kept = await this.#kept.get({ id });
    return kept === null ? null : { ...kept, ...livePart(remote) };
  };

  readonly list: ScheduleStore["list"] = async (request) => {
    const remote = await this.#remotes();
    if (this.#kept !== undefined) {
      const live = new Map(remote.map((schedule) => [schedule.scheduleId, livePart(schedule)]));
      return (await this.#kept.list(request)).map((kept) => ({ ...kept, ...live.get(kept.id) }));
    }
    const { after, path, limit } = request;
    return remote
      .map(toRecord)
      .filter((schedule) => schedule !== null)
      .filter((schedule) => path === undefined || schedule.path === path)
      .filter(({ id }) => after === null || id > after)
      .sort((left, right) => (left.id < right.id ? -1 : 1))
      .slice(0, limit);
  };

  readonly delete: ScheduleStore["delete"] = async ({ id }) => {
    const remote = await this.#remote(id);
    if (remote !== null) await this.#sender.ask((client) => client.schedules.delete(id));
    const outcome = await this.#kept?.delete({ id });
    return remote !== null || outcome === "deleted" ? "deleted" : "not-found";
  };

  async #sync(kept: ScheduleStore, now: number): Promise<ScheduleSync> {
    const remote = new Map<string, ScheduleRecord>();
    for (const schedule of await this.#remotes()) {
      const record = toRecord(schedule);
      if (record !== null) remote.set(record.id, record);
    }
    const counts = { added: 0, changed: 0, removed: 0, unchanged: 0 };
    let after: string | null = null;
    for (;;) {
      const page: readonly ScheduleRecord[] = await kept.list({ after, limit: 500 });
      for (const old of page) {
        const record = remote.get(old.id);
        remote.delete(old.id);
        if (record === undefined) {
          await kept.delete({ id: old.id });
          counts.removed++;
        } else if (isSame({ ...record, revision: old.revision }, old)) counts.unchanged++;
        else {
          const schedule = toKept({ ...record, revision: old.revision + 1 });
          await kept.save({ schedule, call: null, tasks: [], now });
          counts.changed++;
        }
      }
      after = page.at(-1)?.id ?? null;
      if (page.length < 500) break;
    }
    for (const record of remote.values()) {
      await kept.save({ schedule: toKept({ ...record, revision: 1 }), call: null, tasks: [], now });
      counts.added++;
    }
    return counts;
  }

  async #remotes(): Promise<readonly Schedule[]> {
    const all = await this.#sender.ask((client) => client.schedules.list());
    return all.filter(({ destination }) => destination === this.#options.callback.href);
  }

  /** Of all, as the SDK writes a line to the console for each id that is not there. */
  async #remote(id: string): Promise<Schedule | null> {
    return (await this.#remotes()).find(({ scheduleId }) => scheduleId === id) ?? null;
  }
}

function unknownTask({ id, path }: ScheduleRecord): TaskError {
  return new TaskError({
    code: "UNKNOWN_TASK",
    message: `The schedule ${id} is for ${path}, which this contract does not have; it can only be paused, resumed and deleted here.`,
  });
}
