import type { AttemptError } from "@taskwright/shared";
import type { TaskEvents } from "../core/task-events.ts";
import { elapsed } from "./elapsed-time.ts";
import type { LogLines } from "./log-lines.ts";
import { singleLine } from "./terminal-text.ts";

const LONGEST_REASON = 300;

/** Counts of how attempts of one worker process ended. */
interface AttemptCounts {
  succeeded: number;
  retrying: number;
  failed: number;
  cancelled: number;
  released: number;
  leaseLost: number;
}

/** What {@link logAttempts} gives. */
export interface AttemptLog {
  /** The tasks whose handlers run now, with how many each: `sendEmail (2), invoice`; empty when none is known. */
  running(): string;
  /** `12 successful, 1 retried, 1 failed`. */
  summary(): string;
  readonly counts: Readonly<AttemptCounts>;
}

interface EventFacts {
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly backend: string;
  readonly attempt?: number;
}

function reasonOf({ type, exceptionClass, message }: AttemptError): string {
  const words = exceptionClass === type ? message : `${exceptionClass}: ${message}`;
  return singleLine(type === "EXECUTION_ERROR" ? words : `${type}: ${words}`, LONGEST_REASON);
}

/** Logs what happens to attempts in this process and counts it. `withStacks` adds the errors' stacks to JSON lines. */
export function logAttempts(events: TaskEvents, lines: LogLines, withStacks: boolean): AttemptLog {
  const counts: AttemptCounts = {
    succeeded: 0,
    retrying: 0,
    failed: 0,
    cancelled: 0,
    released: 0,
    leaseLost: 0,
  };
  const running = new Map<string, string>();
  const isDetailed = lines.level === "debug";
  const factsOf = (event: string, { id, path, queue, backend, attempt }: EventFacts) => ({
    event,
    id,
    task: path,
    queue,
    backend,
    ...(attempt === undefined ? {} : { attempt }),
  });
  const errorOf = ({ stack, ...error }: AttemptError) => (withStacks ? { ...error, stack } : error);
  const ended = (name: keyof AttemptCounts, id: string) => {
    counts[name]++;
    running.delete(id);
  };

  events.on("started", (event) => {
    running.set(event.id, event.path);
    if (isDetailed)
      lines.write(
        "debug",
        `${event.path} attempt ${event.attempt} started (${event.id})`,
        factsOf("started", event),
      );
  });
  events.on("succeeded", (event) => {
    ended("succeeded", event.id);
    if (!isDetailed) return;
    const facts = { ...factsOf("succeeded", event), durationMs: Math.round(event.durationMs) };
    lines.write(
      "debug",
      `${event.path} attempt ${event.attempt} succeeded in ${elapsed(event.durationMs)} (${event.id})`,
      facts,
    );
  });
  events.on("retrying", (event) => {
    ended("retrying", event.id);
    const wait = elapsed(event.runAfter.getTime() - Date.now());
    const message = `${event.path} attempt ${event.attempt} failed, next in ${wait}: ${reasonOf(event.error)} (${event.id})`;
    lines.write("warn", message, {
      ...factsOf("retrying", event),
      runAfter: event.runAfter,
      error: errorOf(event.error),
    });
  });
  events.on("failed", (event) => {
    ended("failed", event.id);
    const when = event.attempt === 0 ? "before its first attempt" : `at attempt ${event.attempt}`;
    const message = `${event.path} FAILED ${when}: ${reasonOf(event.error)} (${event.id})`;
    lines.write("error", message, { ...factsOf("failed", event), error: errorOf(event.error) });
  });
  events.on("cancelled", (event) => {
    ended("cancelled", event.id);
    lines.write("info", `${event.path} CANCELLED (${event.id})`, factsOf("cancelled", event));
  });
  events.on("released", (event) => {
    ended("released", event.id);
    const message = `${event.path} attempt ${event.attempt} given back unfinished (${event.id})`;
    lines.write("info", message, factsOf("released", event));
  });
  events.on("leaseLost", (event) => {
    ended("leaseLost", event.id);
    const message = `${event.path} attempt ${event.attempt} lost its lease: its outcome does not count (${event.id})`;
    lines.write("warn", message, factsOf("leaseLost", event));
  });

  return {
    counts,
    running: () => {
      const perTask = new Map<string, number>();
      for (const path of running.values()) perTask.set(path, (perTask.get(path) ?? 0) + 1);
      return [...perTask].map(([path, count]) => (count === 1 ? path : `${path} (${count})`)).join(", ");
    },
    summary: () => {
      const words = [
        `${counts.succeeded} successful`,
        `${counts.retrying} to be retried`,
        `${counts.failed} failed`,
        ...(counts.cancelled > 0 ? [`${counts.cancelled} cancelled`] : []),
        ...(counts.released > 0 ? [`${counts.released} given back`] : []),
        ...(counts.leaseLost > 0 ? [`${counts.leaseLost} taken over by others`] : []),
      ];
      return words.join(", ");
    },
  };
}
