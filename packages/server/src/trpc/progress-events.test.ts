import type { ProgressListeners, ProgressUpdate } from "@taskwright/shared";
import { expect, it } from "vitest";
import { HeldHost } from "../testing/held-host.ts";
import { progressEvents } from "./progress-events.ts";

const address = { id: "1", path: null, backend: null };

/** A task result that one subscription watches, at a time that a test moves. */
function followed() {
  const host = new HeldHost(0);
  const watches = new Set<ProgressListeners>();
  let now: ProgressUpdate = { status: "READY", progress: null };
  const transport = {
    watchProgress: (_: unknown, listeners: ProgressListeners) => {
      watches.add(listeners);
      queueMicrotask(() => listeners.onUpdate(now));
      return () => watches.delete(listeners);
    },
  };
  const ending = new AbortController();
  const { signal } = ending;
  const timers = new Set<object>();
  const counting = {
    sha256: (text: string) => host.sha256(text),
    setTimer: (ms: number, callback: () => void) => {
      const timer = {};
      timers.add(timer);
      const cancel = host.setTimer(ms, callback);
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
  };
  const events = progressEvents(transport, address, { lastEventId: null, signal, host: counting });
  return {
    host,
    timers,
    watches,
    ending,
    events,
    next: async () => (await events.next()).value?.data,
    become: (update: ProgressUpdate) => {
      now = update;
      for (const { onUpdate } of watches) onUpdate(update);
    },
  };
}

const at = (progress: number): ProgressUpdate => ({ status: "RUNNING", progress });

it("tells one who reads slowly the newest state only", async () => {
  const { next, become } = followed();
  expect(await next()).toEqual({ status: "READY", progress: null });
  for (const progress of [0.1, 0.2, 0.3]) become(at(progress));
  expect(await next()).toEqual(at(0.3));
});

it("stops watching for one who reads nothing, and tells it what there is when it goes on", async () => {
  const { host, watches, next, become } = followed();
  await next();
  await host.advance(59_000);
  expect(watches.size).toBe(1);
  await host.advance(1_000);
  expect(watches.size).toBe(0);
  become(at(0.5));
  expect(await next()).toEqual(at(0.5));
  expect(watches.size).toBe(1);
  become({ status: "SUCCESSFUL", progress: 1 });
  expect(await next()).toEqual({ status: "SUCCESSFUL", progress: 1 });
  expect(await next()).toBeUndefined();
  expect(watches.size).toBe(0);
});

it("does not tell one who goes on what has changed since it was noted", async () => {
  const { host, next, become } = followed();
  await next();
  become(at(0.5));
  await host.advance(60_000);
  become(at(0.7));
  expect(await next()).toEqual(at(0.7));
});

it("tells one who goes on of an end that was noted, without asking again", async () => {
  const { host, watches, next, become } = followed();
  await next();
  become({ status: "SUCCESSFUL", progress: 1 });
  await host.advance(60_000);
  expect(await next()).toEqual({ status: "SUCCESSFUL", progress: 1 });
  expect(await next()).toBeUndefined();
  expect(watches.size).toBe(0);
});

it("keeps watching for one who reads, however long nothing happens", async () => {
  const { host, watches, next, become } = followed();
  await next();
  const waiting = next();
  await host.advance(3_600_000);
  expect(watches.size).toBe(1);
  become(at(0.5));
  expect(await waiting).toEqual(at(0.5));
});

it.each([
  ["while it waits", async ({ next }: ReturnType<typeof followed>) => void next()],
  ["while nobody reads", async () => {}],
  ["after nobody has read for long", ({ host }: ReturnType<typeof followed>) => host.advance(60_000)],
])("stops watching and leaves no timer when it is ended %s", async (_, happens) => {
  const subscription = followed();
  const { timers, watches, ending, events, next } = subscription;
  await next();
  await happens(subscription);
  ending.abort();
  await events.return();
  expect(watches.size).toBe(0);
  expect(timers.size).toBe(0);
});
