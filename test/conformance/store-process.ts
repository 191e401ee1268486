// A process of its own that works on a shared store: forked by store-processes.ts, told what to do by messages.
import { randomUUID } from "node:crypto";
import type { Backend } from "@taskwright/server/backend";
import type { StoreContext } from "./store-fixture.ts";

/** What the parent asks for. */
export type StoreProcessRequest =
  | { readonly kind: "open"; readonly opener: string; readonly context: StoreContext }
  /** Calls one operation, such as `leases.claim`. */
  | {
      readonly kind: "call";
      readonly facet: keyof Backend;
      readonly operation: string;
      readonly request: unknown;
    }
  /** Claims and settles until nothing is left, however long it has to wait for delayed ones. */
  | {
      readonly kind: "work";
      readonly workerId: string;
      readonly path: string;
      readonly batch: number;
      readonly now: number;
    }
  /** Enqueues batches for ever; each is announced before and acknowledged after. */
  | { readonly kind: "produce"; readonly path: string; readonly batch: number; readonly now: number }
  | {
      readonly kind: "watch";
      readonly watch: "watchReady" | "watchResult" | "watchCancels";
      readonly request: object;
    };

/** What the child tells, beside the answer to each request. */
export type StoreProcessNews =
  | { readonly kind: "announced" | "acknowledged"; readonly ids: readonly string[] }
  | { readonly kind: "settled"; readonly entries: readonly JournalEntry[] }
  | { readonly kind: "woken" };

/** One attempt that a working process has made. */
export interface JournalEntry {
  readonly id: string;
  readonly token: string;
  readonly attempts: number;
  readonly outcome: "applied" | "lease-lost";
}

/** A message to the parent. */
export type StoreProcessMessage =
  | { readonly about: number; readonly answer: unknown }
  | { readonly about: number; readonly failure: { readonly code: unknown; readonly message: string } }
  | { readonly news: StoreProcessNews };

const LEASE = 60_000;

let backend: Backend | undefined;

function opened(): Backend {
  if (backend === undefined) throw new Error("The store is not open.");
  return backend;
}

function tell(news: StoreProcessNews): void {
  send({ news });
}

function send(message: StoreProcessMessage): void {
  process.send?.(message);
}

async function open(opener: string, context: StoreContext): Promise<void> {
  const module = (await import(opener)) as { openStore(context: StoreContext): Promise<Backend> };
  backend = await module.openStore(context);
}

async function call(facet: keyof Backend, operation: string, request: unknown): Promise<unknown> {
  const operations = opened()[facet] as unknown as Record<string, (request: unknown) => Promise<unknown>>;
  return operations[operation]?.(request);
}

async function work(given: { workerId: string; path: string; batch: number; now: number }): Promise<void> {
  const { leases } = opened();
  if (leases === undefined) throw new Error("The store has no leases.");
  const tasks = [{ path: given.path, lease: LEASE }];
  let { now } = given;
  for (;;) {
    const answer = await leases.claim({
      workerId: given.workerId,
      tasks,
      queues: "all",
      limit: given.batch,
      now,
    });
    if (answer.claimed.length === 0) {
      if (answer.nextDueAt === null) return;
      now = answer.nextDueAt;
      continue;
    }
    const items = answer.claimed.map(({ id, token, attempts }) => ({
      lease: { id, token },
      settlement: { status: "SUCCESSFUL" as const, output: JSON.stringify([given.workerId, attempts]) },
    }));
    const outcomes = await leases.settle({ items, now });
    const entries = answer.claimed.map(({ id, token, attempts }, index) => ({
      id,
      token,
      attempts,
      outcome: outcomes[index]?.outcome ?? ("lease-lost" as const),
    }));
    tell({ kind: "settled", entries });
  }
}

async function produce(given: { path: string; batch: number; now: number }): Promise<never> {
  const { path, batch, now } = given;
  for (;;) {
    const tasks = Array.from({ length: batch }, (_, index) => ({
      id: randomUUID(),
      path,
      queue: "default",
      priority: 0,
      rank: now,
      runAfter: now,
      enqueuedAt: now,
      expiresAt: null,
      codec: "json",
      input: JSON.stringify({ index }),
      maxRetries: 3,
      policy: null,
      parentId: null,
      scheduleId: null,
      tags: ["produced", String(index)],
      deduplication: { key: randomUUID(), until: now + 60_000 },
    }));
    const ids = tasks.map(({ id }) => id);
    tell({ kind: "announced", ids });
    const outcomes = await opened().store.enqueue({ tasks, atomic: true, now });
    tell({ kind: "acknowledged", ids: ids.filter((_, index) => outcomes[index]?.outcome === "stored") });
  }
}

function watch(name: "watchReady" | "watchResult" | "watchCancels", request: object): void {
  const watches = opened().wakeups as unknown as Record<string, (request: object) => () => void>;
  watches[name]?.({ ...request, wake: () => tell({ kind: "woken" }) });
}

function carryOut(request: StoreProcessRequest): Promise<unknown> | unknown {
  switch (request.kind) {
    case "open":
      return open(request.opener, request.context);
    case "call":
      return call(request.facet, request.operation, request.request);
    case "work":
      return work(request);
    case "produce":
      return produce(request);
    case "watch":
      return watch(request.watch, request.request);
  }
}

process.on("message", async ({ about, request }: { about: number; request: StoreProcessRequest }) => {
  try {
    send({ about, answer: (await carryOut(request)) ?? null });
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    send({ about, failure: { code, message } });
  }
});

// The parent is gone: nobody is left to work for.
process.on("disconnect", () => process.exit(0));
