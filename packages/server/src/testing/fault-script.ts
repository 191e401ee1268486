import { checkFault, type Fault, type FaultyOperation } from "./fault.ts";

/** What goes wrong with a backend, in the order in which it was told. */
export interface Faults {
  /** Adds to it; throws INVALID_OPTION for what is no fault. */
  inject(...faults: readonly Fault[]): void;
  /** Those that have not yet happened as often as they are to. */
  readonly pending: readonly Fault[];
}

interface Planned {
  readonly fault: Fault;
  left: number;
  toSkip: number;
}

/** A {@link Fault} that is about calls of operations. */
export type CallFault = Extract<Fault, { readonly fault: "lostAnswer" | "outage" | "delay" }>;
/** The kinds of faults that are about a task. */
export type TaskFault = Exclude<Fault["fault"], CallFault["fault"]>;

/** Whether a fault is about a call of this operation. */
function isOfCall(fault: Fault, operation: FaultyOperation): fault is CallFault {
  switch (fault.fault) {
    case "lostAnswer":
    case "outage":
    case "delay":
      return fault.on === undefined || [fault.on].flat().includes(operation);
    default:
      return false;
  }
}

/** Counts what is still to go wrong. */
export class FaultScript implements Faults {
  readonly #planned: Planned[] = [];

  constructor(faults: readonly Fault[]) {
    this.inject(...faults);
  }

  inject(...faults: readonly Fault[]): void {
    for (const fault of faults) checkFault(fault);
    for (const fault of faults)
      this.#planned.push({ fault, left: fault.times ?? 1, toSkip: fault.skip ?? 0 });
  }

  get pending(): readonly Fault[] {
    return this.#planned.map(({ fault }) => fault);
  }

  /** What is to go wrong with a call; the first of the script that is about it, if any. */
  ofCall(operation: FaultyOperation): CallFault | undefined {
    return this.#take((fault) => isOfCall(fault, operation)) as CallFault | undefined;
  }

  /** Whether something of this kind is to happen to one of these tasks now. */
  ofTasks(kind: TaskFault, paths: readonly string[]): boolean {
    const isOf = (fault: Fault) =>
      fault.fault === kind && "task" in fault
        ? paths.includes(fault.task as string)
        : fault.fault === kind && paths.length > 0;
    return this.#take(isOf) !== undefined;
  }

  /** Whether something of this kind is still to happen. */
  awaits(kind: TaskFault): boolean {
    return this.#planned.some(({ fault }) => fault.fault === kind);
  }

  /** Each that is meant and lets this chance pass counts it; the first other one happens. */
  #take(isMeant: (fault: Fault) => boolean): Fault | undefined {
    for (const planned of this.#planned) {
      if (!isMeant(planned.fault)) continue;
      if (planned.toSkip > 0) {
        planned.toSkip--;
        continue;
      }
      if (--planned.left === 0) this.#planned.splice(this.#planned.indexOf(planned), 1);
      return planned.fault;
    }
    return undefined;
  }
}
