import { durationToMs, TaskError } from "@taskwright/shared";
import type { Backend, LeaseSource, TaskStore } from "../backend/index.ts";
import type { Host } from "../core/host.ts";
import { systemHost } from "../system-host.ts";
import type { Fault, FaultyOperation } from "./fault.ts";
import { FaultScript, type Faults } from "./fault-script.ts";
import { FaultyLeases } from "./faulty-leases.ts";

/** A backend whose faults a test scripts. */
export type WithFaults<TBackend extends Backend> = TBackend & { readonly faults: Faults };

/** What happens around the calls of one backend. */
class FaultyCalls {
  readonly #script: FaultScript;
  readonly #host: Host;

  constructor(script: FaultScript, host: Host) {
    this.#script = script;
    this.#host = host;
  }

  async call<T>(operation: FaultyOperation, call: () => Promise<T>): Promise<T> {
    const fault = this.#script.ofCall(operation);
    if (fault === undefined) return call();
    switch (fault.fault) {
      case "outage":
        throw unavailable(`${operation} did not reach the store, by an injected outage.`);
      case "lostAnswer":
        await call();
        throw unavailable(`${operation} was done and its answer was lost, by an injected fault.`);
      case "delay":
        await new Promise<void>((resolve) => {
          this.#host.setTimer(durationToMs(fault.by, "by"), resolve, { keepAlive: true });
        });
        return call();
    }
  }

  /** A facet whose calls go through {@link call}. */
  facet<TFacet extends object>(name: string, facet: TFacet): TFacet {
    return new Proxy(facet, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        // An id is placed at once, without a look into the store.
        if (key === "placeId") return member.bind(target);
        return (...words: readonly unknown[]) =>
          this.call(`${name}.${String(key)}` as FaultyOperation, () => member.apply(target, words));
      },
    });
  }
}

function unavailable(message: string): TaskError {
  return new TaskError({ code: "BACKEND_UNAVAILABLE", message });
}

/** The same backend with the faults of a script, which others may share. */
export function faultyBackend<TBackend extends Backend>(
  backend: TBackend,
  script: FaultScript,
  host: Host,
): TBackend {
  const calls = new FaultyCalls(script, host);
  const facet = <TFacet extends object>(name: string, given: TFacet | undefined) =>
    given === undefined ? undefined : calls.facet(name, given);
  const store: TaskStore = calls.facet("store", backend.store);
  const leases: LeaseSource | undefined =
    backend.leases && new FaultyLeases(calls.facet("leases", backend.leases), backend.store, script);
  const changed: ReadonlyMap<PropertyKey, unknown> = new Map<PropertyKey, unknown>([
    ["store", store],
    ["leases", leases],
    ["maintenance", facet("maintenance", backend.maintenance)],
    ["inspector", facet("inspector", backend.inspector)],
    ["schedules", facet("schedules", backend.schedules)],
  ]);
  return new Proxy(backend, {
    get: (target, key) => {
      if (changed.has(key)) return changed.get(key);
      const member: unknown = Reflect.get(target, key);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/**
 * The same backend, which goes wrong as a script says: each fault happens at its first chances, in the order of the script,
 * and a call has one at the most.
 *
 * What backends do elsewhere than at the operations of {@link FaultyOperation}, such as wakes, transactions and what they
 * push, goes well.
 */
export function withFaults<TBackend extends Backend>(
  backend: TBackend,
  faults: readonly Fault[] = [],
): WithFaults<TBackend> {
  if (typeof (backend as Partial<Backend> | null | undefined)?.store?.enqueue !== "function")
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "withFaults() takes a backend, such as memoryBackend(), and a list of faults.",
      data: { option: "backend" },
    });
  const script = new FaultScript(faults);
  const faulty = faultyBackend(backend, script, systemHost);
  return new Proxy(faulty, {
    get: (target, key) => (key === "faults" ? script : Reflect.get(target, key)),
  }) as WithFaults<TBackend>;
}
