import { checkOptionNames, type Duration, didYouMean, durationToMs, TaskError } from "@taskwright/shared";

const OPERATIONS = [
  "store.enqueue",
  "store.get",
  "store.cancel",
  "store.requeue",
  "store.delete",
  "leases.claim",
  "leases.begin",
  "leases.renew",
  "leases.settle",
  "leases.release",
  "leases.progress",
  "maintenance.sweep",
  "maintenance.purge",
  "inspector.list",
  "inspector.countByQueue",
  "schedules.save",
  "schedules.get",
  "schedules.list",
  "schedules.delete",
  "schedules.due",
] as const;

/** An operation of a backend that can go wrong, by facet and name. */
export type FaultyOperation = (typeof OPERATIONS)[number];

/** How often a fault happens. */
export interface FaultTimes {
  /** How many times. @default 1 */
  readonly times?: number;
  /** How many chances it lets pass before that. @default 0 */
  readonly skip?: number;
}

/** Something that goes wrong between a server and its backend; what it needs of another kind is refused. */
export type Fault =
  /** A worker dies as soon as it has claimed: no handler is called, and the attempt is lost when its lease expires. */
  | ({ readonly fault: "crashAfterClaim"; readonly task?: string } & FaultTimes)
  /**
   * A worker dies when the handler has ended and the store does not know: what the handler did is done, and the attempt is
   * lost when its lease expires.
   */
  | ({ readonly fault: "crashAfterRun"; readonly task?: string } & FaultTimes)
  /** What was claimed is handed out a second time, at the next claim that could bring it. */
  | ({ readonly fault: "duplicateDelivery"; readonly task?: string } & FaultTimes)
  /** The store does what it was asked to, and the caller gets BACKEND_UNAVAILABLE. */
  | ({ readonly fault: "lostAnswer"; readonly on: FaultyOperation | readonly FaultyOperation[] } & FaultTimes)
  /** The store is not reached, and the caller gets BACKEND_UNAVAILABLE; without `on`, whatever is asked. */
  | ({ readonly fault: "outage"; readonly on?: FaultyOperation | readonly FaultyOperation[] } & FaultTimes)
  /** The store is asked late; by the clock of the test server. */
  | ({
      readonly fault: "delay";
      readonly by: Duration;
      readonly on: FaultyOperation | readonly FaultyOperation[];
    } & FaultTimes);

const KEYS: Readonly<Record<Fault["fault"], readonly string[]>> = {
  crashAfterClaim: ["task"],
  crashAfterRun: ["task"],
  duplicateDelivery: ["task"],
  lostAnswer: ["on"],
  outage: ["on"],
  delay: ["by", "on"],
};

function invalid(message: string, option: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

function checkCount(value: unknown, least: number, option: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw invalid(`${option} of a fault must be a whole number of ${least} or more.`, option);
}

function checkOperations(on: unknown): void {
  const names: readonly unknown[] = Array.isArray(on) ? on : [on];
  if (names.length === 0) throw invalid("on of a fault must name an operation.", "on");
  for (const name of names) {
    if (OPERATIONS.some((operation) => operation === name)) continue;
    const near = typeof name === "string" ? didYouMean(name, OPERATIONS) : "";
    throw invalid(`on of a fault must be one or more of ${OPERATIONS.join(", ")}.${near}`, "on");
  }
}

/** Throws INVALID_OPTION for what is no fault. */
export function checkFault(given: unknown): asserts given is Fault {
  const fault = (given as Partial<Fault> | null | undefined)?.fault;
  if (typeof fault !== "string" || !Object.hasOwn(KEYS, fault)) {
    const near = typeof fault === "string" ? didYouMean(fault, Object.keys(KEYS)) : "";
    throw invalid(
      `A fault is an object such as { fault: "outage", times: 3 }; fault is one of ${Object.keys(KEYS).join(", ")}.${near}`,
      "fault",
    );
  }
  const { times, skip, on, by, task } = given as Readonly<Record<string, unknown>>;
  checkOptionNames(given as object, `The fault ${fault}`, ["fault", "times", "skip", ...KEYS[fault]]);
  checkCount(times, 1, "times");
  checkCount(skip, 0, "skip");
  if (task !== undefined && typeof task !== "string")
    throw invalid("task of a fault must be a path.", "task");
  if (KEYS[fault].includes("on") && !(fault === "outage" && on === undefined)) checkOperations(on);
  if (fault === "delay") durationToMs(by, "by");
}
