import type { ClaimedTask, Settlement } from "../backend/index.ts";
import { RunningAttempt } from "./attempt.ts";
import {
  type AttemptDecision,
  type AttemptEnd,
  type CommittedEnd,
  decideOutcome,
} from "./attempt-outcome.ts";
import { type AttemptPolicy, decodePolicy } from "./attempt-policy.ts";
import type { Engine, EngineTask } from "./engine.ts";
import { giveBack, letExpire } from "./give-back.ts";
import { callHandler } from "./handler-call.ts";
import type { HeldLease, LeaseKeeper } from "./lease-keeper.ts";
import { isSuspect } from "./lost-attempts.ts";
import { neverBegun } from "./never-begun.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { reportFailure } from "./report-failure.ts";
import { settleSafely } from "./settle-safely.ts";
import type { Settled } from "./settled.ts";
import { runInTransaction } from "./transactional-attempt.ts";

/** Runs claimed task results: the only code that calls handlers. */
export class AttemptRunner {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;
  readonly #workerId: string;
  readonly #keeper: LeaseKeeper;
  readonly #limitMs: number | undefined;
  readonly #by: "worker" | "call";

  /** @param parts with `limitMs` no attempt takes longer, whatever its timeout says; traces say `by` what it was begun */
  constructor(
    engine: Engine,
    parts: {
      opened: OpenedBackend;
      workerId: string;
      keeper: LeaseKeeper;
      limitMs?: number | undefined;
      by?: "worker" | "call";
    },
  ) {
    this.#engine = engine;
    this.#opened = parts.opened;
    this.#workerId = parts.workerId;
    this.#keeper = parts.keeper;
    this.#limitMs = parts.limitMs;
    this.#by = parts.by ?? "worker";
  }

  /**
   * Runs one attempt; resolves when its slot is free.
   *
   * `settled` resolves when the store has the outcome. Neither rejects: whatever goes wrong is stored or logged.
   */
  async run(
    claimed: ClaimedTask,
    held: HeldLease,
    watch?: (attempt: RunningAttempt) => void,
  ): Promise<{ settled: Promise<Settled> }> {
    const task = this.#engine.task(claimed.path);
    const now = this.#opened.clock.now();
    // Expiry is for what never started: a retry or a lost worker does not bring it back.
    if (claimed.attempts === 1 && claimed.expiresAt !== null && claimed.expiresAt <= now)
      return { settled: this.#settle(held, neverBegun("EXPIRED", now)) };
    if (!(await this.#mayBegin(held))) return { settled: Promise.resolve("lost") };
    if (held.isCancelRequested) return { settled: this.#settle(held, { status: "CANCELLED", error: null }) };
    const policy = decodePolicy(claimed.policy, task.options);
    if (policy === null) return { settled: this.#settle(held, neverBegun("INTERNAL_ERROR", now)) };
    const timeoutMs = this.#timeoutOf(policy);
    const attempt = new RunningAttempt({
      claimed,
      opened: this.#opened,
      workerId: this.#workerId,
      timeoutMs,
      host: this.#engine.host,
    });
    watch?.(attempt);
    if (this.#engine.events.has("started")) this.#engine.events.emit("started", this.#event(attempt));
    attempt.span = this.#engine.tracer?.startAttempt(attempt, this.#by) ?? null;
    const end = await this.#execute(task, attempt, held);
    const settled = this.#finish(attempt, { end, policy, held });
    if (attempt.span !== null) void settled.then((status) => attempt.span?.end(status));
    return { settled };
  }

  #timeoutOf({ timeoutMs }: AttemptPolicy): number | null {
    if (this.#limitMs === undefined) return timeoutMs;
    return timeoutMs === null ? this.#limitMs : Math.min(timeoutMs, this.#limitMs);
  }

  /** Whether the lease holds and the store knows, where it has to, that the handler is about to be called. */
  async #mayBegin(held: HeldLease): Promise<boolean> {
    const { id, token, path } = held.claimed;
    if (!(await this.#keeper.confirm(held))) {
      this.#keeper.drop(held);
      return false;
    }
    if (!isSuspect(held.claimed)) return true;
    try {
      if ((await this.#opened.begins.add({ id, token })) === "applied") return true;
    } catch (error) {
      const facts = { err: error, id, task: path };
      this.#engine.logger.warn(
        facts,
        "The beginning of an attempt could not be stored; it runs when its lease has expired.",
      );
    }
    this.#keeper.drop(held);
    return false;
  }

  #execute(task: EngineTask, attempt: RunningAttempt, held: HeldLease): Promise<AttemptEnd | CommittedEnd> {
    const { span } = attempt;
    return new Promise((resolve) => {
      this.#keeper.begin(held, attempt, () => resolve({ kind: "unresponsive" }));
      const called =
        span === null ? this.#call(task, attempt, held) : span.within(() => this.#call(task, attempt, held));
      void called.then(resolve);
    });
  }

  async #call(
    task: EngineTask,
    attempt: RunningAttempt,
    held: HeldLease,
  ): Promise<AttemptEnd | CommittedEnd> {
    const { claimed } = attempt;
    let by: "payload" | "context" | "handler" = "payload";
    try {
      const decoded = task.payload.decodeInput(claimed.input, claimed.codec);
      const input = decoded instanceof Promise ? await decoded : decoded;
      by = "context";
      attempt.throwIfAborted();
      const ctx = await this.#context(attempt);
      by = "handler";
      // While its context was made it may have been cancelled, or given up and run elsewhere.
      attempt.throwIfAborted();
      if (task.options.transaction) return await this.#callInTransaction(task, held, { attempt, input, ctx });
      const returned = await callHandler(this.#engine, task, { attempt, input, ctx });
      by = "payload";
      // Input and output of a task result are of one codec: that of its enqueue.
      const output = task.payload.encodeOutput(returned, claimed.codec);
      return { kind: "returned", output: output instanceof Promise ? await output : output };
    } catch (error) {
      return { kind: "threw", error, by, mayBeStored: false };
    }
  }

  async #callInTransaction(
    task: EngineTask,
    held: HeldLease,
    call: { readonly attempt: RunningAttempt; readonly input: unknown; readonly ctx: unknown },
  ): Promise<AttemptEnd | CommittedEnd> {
    const { attempt } = call;
    // Until it has begun nothing of the handler has run.
    let by: "payload" | "context" | "handler" = "context";
    let mayBeStored = false;
    try {
      await runInTransaction(attempt, {
        produce: async (tx) => {
          by = "handler";
          const returned = await callHandler(this.#engine, task, { ...call, tx });
          by = "payload";
          return task.payload.encodeOutput(returned, attempt.claimed.codec);
        },
        onSettling: () => {
          by = "handler";
          this.#keeper.end(held);
        },
        onSettled: () => {
          mayBeStored = true;
        },
      });
      return { kind: "committed" };
    } catch (error) {
      return { kind: "threw", error, by, mayBeStored };
    }
  }

  #context(attempt: RunningAttempt): unknown {
    const { createContext } = this.#engine;
    if (createContext === undefined) return {};
    return createContext({
      id: attempt.id,
      path: attempt.path,
      queue: attempt.queue,
      attempt: attempt.number,
    });
  }

  #finish(
    attempt: RunningAttempt,
    parts: { end: AttemptEnd | CommittedEnd; policy: AttemptPolicy; held: HeldLease },
  ): Promise<Settled> {
    const { end, policy, held } = parts;
    this.#keeper.end(held);
    if (end.kind === "committed") {
      this.#keeper.drop(held);
      return Promise.resolve(this.#succeeded(attempt));
    }
    const isAbandoned = end.kind === "unresponsive" && attempt.abortCause === "shutdown";
    const decision: AttemptDecision = isAbandoned
      ? { action: "drop" }
      : decideOutcome(attempt, end, { policy, now: this.#opened.clock.now(), random: Math.random });
    if (decision.action === "settle") {
      if ("error" in decision.settlement) attempt.span?.failed(decision.settlement.error);
      const mayBeStored = end.kind === "threw" && end.mayBeStored;
      return this.#settle(held, decision.settlement, { attempt, mayBeStored });
    }
    if (decision.action === "release") {
      if (decision.error !== null) {
        const facts = { err: decision.error, id: attempt.id, task: attempt.path, attempt: attempt.number };
        this.#engine.logger.warn(
          facts,
          "A handler that was told to stop threw; its task is given back and runs again.",
        );
      }
      return this.#release(attempt, held);
    }
    if (isAbandoned && held.isOverdue) return this.#leave(attempt, held);
    this.#keeper.drop(held);
    if (!isAbandoned && this.#engine.events.has("leaseLost"))
      this.#engine.events.emit("leaseLost", this.#event(attempt));
    return Promise.resolve("lost");
  }

  async #release(attempt: RunningAttempt, held: HeldLease): Promise<Settled> {
    const isGivenBack = await giveBack(this.#engine, attempt);
    this.#keeper.drop(held);
    if (!isGivenBack) return "lost";
    this.#engine.events.emit("released", this.#event(attempt));
    return "released";
  }

  async #leave(attempt: RunningAttempt, held: HeldLease): Promise<Settled> {
    await letExpire(this.#engine, attempt);
    this.#keeper.drop(held);
    return "lost";
  }

  async #settle(
    held: HeldLease,
    settlement: Settlement,
    facts: { readonly attempt?: RunningAttempt; readonly mayBeStored?: boolean } = {},
  ): Promise<Settled> {
    const { attempt, mayBeStored = false } = facts;
    const outcome = await settleSafely(this.#engine, this.#opened, { lease: held.claimed, settlement });
    this.#keeper.drop(held);
    const { events } = this.#engine;
    if (outcome.outcome === "lease-lost") {
      if (attempt !== undefined && mayBeStored && (await this.#isStored(attempt)))
        return this.#succeeded(attempt);
      attempt?.abort("lease-lost");
      if (attempt !== undefined && events.has("leaseLost")) events.emit("leaseLost", this.#event(attempt));
      return "lost";
    }
    const { id, path, queue } = held.claimed;
    const base = { id, path, queue, backend: this.#opened.name };
    const { status } = outcome;
    if (status === "CANCELLED") events.emit("cancelled", base);
    else if (settlement.status === "FAILED") {
      const failure = { ...base, attempt: attempt?.number ?? 0, error: settlement.error };
      const report = () => reportFailure(this.#engine, this.#opened, failure);
      const span = attempt?.span ?? null;
      if (span === null) report();
      // What its hooks enqueue belongs to it.
      else await span.within(async () => report());
    } else if (attempt !== undefined && settlement.status === "READY") {
      const { error, runAfter } = settlement;
      events.emit("retrying", { ...this.#event(attempt), error, runAfter: new Date(runAfter) });
    } else if (attempt !== undefined) return this.#succeeded(attempt);
    if (status !== "READY" && events.has("finished")) events.emit("finished", { ...base, status });
    return status;
  }

  #succeeded(attempt: RunningAttempt): "SUCCESSFUL" {
    const { events } = this.#engine;
    if (events.has("succeeded")) {
      const durationMs = this.#engine.host.monotonicTime() - attempt.startedAt;
      events.emit("succeeded", { ...this.#event(attempt), durationMs });
    }
    const { id, path, queue } = attempt;
    if (events.has("finished"))
      events.emit("finished", { id, path, queue, backend: this.#opened.name, status: "SUCCESSFUL" });
    return "SUCCESSFUL";
  }

  /** Whether an attempt's transaction was committed although the answer to that was lost. */
  async #isStored(attempt: RunningAttempt): Promise<boolean> {
    const [record] = await this.#opened.backend.store.get({ ids: [attempt.id] }).catch(() => []);
    return record?.status === "SUCCESSFUL" && record.attempts === attempt.number;
  }

  #event(attempt: RunningAttempt): {
    id: string;
    path: string;
    queue: string;
    backend: string;
    attempt: number;
    workerId: string;
  } {
    const { id, path, queue, workerId, number } = attempt;
    return { id, path, queue, backend: this.#opened.name, attempt: number, workerId };
  }
}
