import { isFinishedStatus, type ProgressListeners, type ProgressUpdate } from "@taskwright/shared";
import type { TaskRecord } from "../backend/index.ts";
import type { FoundRecord } from "./find-record.ts";
import type { CancelTimer, Host } from "./host.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const POLL_MS = 500;

/** Where a record stands. */
function progressOf({ status, progress }: Pick<TaskRecord, "status" | "progress">): ProgressUpdate {
  return { status, progress: progress === null ? null : JSON.parse(progress) };
}

/** Tells where a task result stands, at first and at each change, until it has ended; what it returns stops that. */
export function watchProgress(parts: {
  readonly host: Host;
  readonly find: () => Promise<FoundRecord>;
  /** Reads again what was found. */
  readonly read: (opened: OpenedBackend) => Promise<TaskRecord>;
  readonly listeners: ProgressListeners;
}): () => void {
  const { host, listeners } = parts;
  let isStopped = false;
  let stopTimer: CancelTimer = () => {};
  let stopWatching = () => {};
  let isReading = false;
  let told = "";
  const stop = () => {
    isStopped = true;
    stopTimer();
    stopWatching();
  };

  function tell(record: TaskRecord): void {
    const { status, progress } = record;
    const now = `${status} ${progress}`;
    if (now !== told) listeners.onUpdate(progressOf(record));
    told = now;
    if (isFinishedStatus(status)) stop();
  }

  async function look(opened: OpenedBackend): Promise<void> {
    if (isStopped || isReading) return;
    stopTimer();
    isReading = true;
    try {
      const record = await parts.read(opened);
      if (!isStopped) tell(record);
      if (!isStopped) stopTimer = host.setTimer(POLL_MS, () => void look(opened), { keepAlive: true });
    } catch (error) {
      fail(error);
    } finally {
      isReading = false;
    }
  }

  function fail(error: unknown): void {
    if (isStopped) return;
    stop();
    listeners.onError(error);
  }

  async function start(): Promise<void> {
    try {
      const { record, opened } = await parts.find();
      if (isStopped) return;
      tell(record);
      if (isStopped) return;
      const wake = () => void look(opened);
      stopWatching = opened.backend.wakeups?.watchResult({ id: record.id, wake }) ?? stopWatching;
      // What has changed since it was read was before the watch.
      await look(opened);
    } catch (error) {
      fail(error);
    }
  }

  void start();
  return stop;
}
