import {
  type CancelAnswer,
  checkResultPath,
  noReadableResult,
  type ProgressUpdate,
  readProcedureFields,
  readResultAddress,
  readWaitTimeout,
  type TaskResultOnWire,
} from "@taskwright/shared";
import { type TrackedEnvelope, tracked } from "@trpc/server";
import type { TaskRecord } from "./task-record.ts";
import type { TaskStore } from "./task-store.ts";

const ADDRESS = ["id", "path", "backend"];

/** Resolves to whether there was a change before the signal, or the end of the time. */
function nextChange(
  record: TaskRecord,
  signal: AbortSignal | undefined,
  untilMs: number | null,
): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (hasChanged: boolean) => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener("abort", giveUp);
      resolve(hasChanged);
    };
    const giveUp = () => end(false);
    const stop = record.onChange(() => end(true));
    const timer = untilMs === null ? undefined : setTimeout(giveUp, Math.max(0, untilMs - performance.now()));
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted === true) giveUp();
  });
}

/** What the procedures `results.…` answer. */
export class MockedResults {
  readonly #store: TaskStore;
  readonly #allowed: readonly string[];

  constructor(store: TaskStore, allowed: readonly string[]) {
    this.#store = store;
    this.#allowed = allowed;
  }

  async get(input: unknown): Promise<TaskResultOnWire> {
    return this.#find(readProcedureFields(input, "results.get", ADDRESS)).toWire();
  }

  /** Gives it at its end, or null when that did not come in time. */
  async wait(input: unknown, signal: AbortSignal | undefined): Promise<TaskResultOnWire | null> {
    const fields = readProcedureFields(input, "results.wait", [...ADDRESS, "timeoutMs"]);
    const untilMs = performance.now() + readWaitTimeout(fields.timeoutMs);
    for (;;) {
      const record = this.#find(fields);
      if (record.isFinished) return record.toWire();
      if (!(await nextChange(record, signal, untilMs))) return null;
    }
  }

  async cancel(input: unknown): Promise<CancelAnswer> {
    return this.#find(readProcedureFields(input, "results.cancel", ADDRESS)).requestCancel();
  }

  /** Yields where it stands, at first and at each change, until it has ended; changes in quick succession as one. */
  async *progress(
    input: unknown,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TrackedEnvelope<ProgressUpdate>, void> {
    const fields = readProcedureFields(input, "results.progress", [...ADDRESS, "lastEventId"]);
    let lastId = fields.lastEventId;
    while (signal?.aborted !== true) {
      const record = this.#find(fields);
      const { eventId, update } = record.update();
      if (eventId !== lastId) {
        lastId = eventId;
        yield tracked(eventId, update);
      } else if (record.isFinished) return;
      else await nextChange(record, signal, null);
    }
  }

  #find(fields: Readonly<Record<string, unknown>>): TaskRecord {
    const { id, path } = readResultAddress(fields, this.#allowed);
    const record = this.#store.find(id);
    if (record === undefined) throw noReadableResult(id);
    checkResultPath(record, path);
    return record;
  }
}
