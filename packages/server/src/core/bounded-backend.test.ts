import { expect, it } from "vitest";
import type { Backend } from "../backend/index.ts";
import { boundedBackend } from "./bounded-backend.ts";
import type { Host } from "./host.ts";

/** A machine whose timers a test lets fire, and what they were set to. */
function machine(): { readonly host: Host; readonly timers: Map<() => void, number> } {
  const timers = new Map<() => void, number>();
  const host: Host = {
    wallTime: () => 0,
    monotonicTime: () => 0,
    setTimer: (ms, callback) => {
      timers.set(callback, ms);
      return () => timers.delete(callback);
    },
    defer: (callback) => callback(),
    outside: (work) => work(),
    newId: () => "id",
    sha256: (text) => text,
    processName: "machine",
  };
  return { host, timers };
}

function storeThat(get: () => Promise<never[]>, more: Partial<Backend> = {}): Backend {
  const nothing = () => Promise.reject(new Error("not asked for"));
  return {
    kind: "test",
    store: { enqueue: nothing, get, cancel: nothing, requeue: nothing, delete: nothing },
    diagnose: async () => [],
    open: async () => {},
    close: async () => {},
    ...more,
  };
}

const read = (backend: Backend, { host }: { host: Host }) =>
  boundedBackend("main", backend, { host, now: () => 0 }).store.get({ ids: [] });

it("an answer in time is the answer, and leaves no timer", async () => {
  const here = machine();
  expect(
    await read(
      storeThat(async () => []),
      here,
    ),
  ).toEqual([]);
  await expect(
    read(
      storeThat(() => Promise.reject(new Error("refused"))),
      here,
    ),
  ).rejects.toThrow("refused");
  expect(here.timers.size).toBe(0);
});

it("no answer within a minute is a BACKEND_UNAVAILABLE that names the backend and what it was asked", async () => {
  const here = machine();
  const reading = read(
    storeThat(() => new Promise(() => {})),
    here,
  );
  const [[fire, ms] = [() => {}, 0]] = here.timers;
  expect(ms).toBe(60_000);
  fire();
  await expect(reading).rejects.toThrow(
    expect.objectContaining({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining('The backend "main" (test) did not answer a read within 60 s'),
    }),
  );
});

it("a backend that may wait longer for its turn is waited for longer", () => {
  const here = machine();
  void read(
    storeThat(() => new Promise(() => {}), { longestWaitMs: 120_000 }),
    here,
  );
  expect([...here.timers.values()]).toEqual([150_000]);
});

it("a store that places ids does so through it, and one that does not has no such property", () => {
  const parts = { host: machine().host, now: () => 0 };
  const plain = storeThat(async () => []);
  const store = { ...plain.store, placeId: ({ id }: { id: string }) => `${id}7` };
  const placed = boundedBackend("main", { ...plain, store }, parts).store;
  expect(placed.placeId?.({ id: "a", deduplicationKey: "key" })).toBe("a7");
  expect("placeId" in boundedBackend("main", plain, parts).store).toBe(false);
});
