import {
  type AbortSignalLike,
  type CallOptions,
  type CancelAnswer,
  type Enqueued,
  fromWire,
  isFinishedStatus,
  type ProgressListeners,
  type ProgressUpdate,
  type ResultAddress,
  TaskError,
  type TaskResult,
  type TaskResultOnWire,
  type TaskResultPage,
  type TaskTransport,
} from "@taskwright/shared";
import { boundedCall, pause, pauseBefore } from "./bounded-call.ts";
import { mergedOptions } from "./merged-options.ts";
import { type GuardedFields, guardedFields } from "./plain-json.ts";
import type { TrpcCaller } from "./trpc-caller.ts";
import { toTaskError, unreadable } from "./trpc-error.ts";

/** How long the server lets a wait take; it is then called again. */
const LONGEST_WAIT_MS = 25_000;
/** How long after its time a wait lets the server answer; the documentation of `get` says so too. */
const LAST_ANSWER_MS = 2_000;
/** A connection that has lasted this long was one, and that it is lost is no failure in a row. */
const LASTING_MS = 10_000;
/** How often in a row a wait or a subscription may fail before it is given up: for about half a minute. */
const MOST_FAILURES = 10;
const CODES_TRIED_AGAIN: readonly string[] = [
  "SERVER_UNREACHABLE",
  "BACKEND_UNAVAILABLE",
  "ENQUEUE_INCOMPLETE",
  "CLOSED",
];

/** Limits of calls. */
export interface CallLimits {
  /** How long one try may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How often a call that got no answer is made again. */
  readonly retries: number;
}

function randomKey(): string {
  // Unlike randomUUID(), this is also there on pages without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function hasId(answer: unknown): boolean {
  return typeof (answer as { id?: unknown } | null)?.id === "string";
}

function addressFields({ id, path, backend }: ResultAddress): object {
  return { id, ...(path === null ? {} : { path }), ...(backend === null ? {} : { backend }) };
}

function readResult(answer: unknown): TaskResult {
  if (!hasId(answer)) throw unreadable(answer);
  return fromWire(answer as TaskResultOnWire);
}

/** Carries a client's calls to a router of tasks by tRPC. */
export class TrpcTransport implements TaskTransport {
  readonly #caller: TrpcCaller;
  readonly #limits: CallLimits;

  constructor(caller: TrpcCaller, limits: CallLimits) {
    this.#caller = caller;
    this.#limits = limits;
  }

  async enqueue(call: { path: string; input: unknown; options: readonly CallOptions[] }): Promise<Enqueued> {
    const options = mergedOptions(call.options);
    const given = { ...(options && { options }), requestKey: randomKey() };
    const guarded = guardedFields(call.path, given, { input: call.input });
    const answer = await this.#enqueue(`tasks.${call.path}.enqueue`, guarded);
    if (!hasId(answer)) throw unreadable(answer);
    return answer as Enqueued;
  }

  async enqueueMany(call: {
    path: string;
    inputs: readonly unknown[];
    options: readonly CallOptions[];
  }): Promise<readonly Enqueued[]> {
    const options = mergedOptions(call.options);
    const given = { ...(options && { options }), requestKey: randomKey() };
    const guarded = guardedFields(call.path, given, { inputs: call.inputs });
    const answer = await this.#enqueue(`tasks.${call.path}.enqueueMany`, guarded);
    if (!(Array.isArray(answer) && answer.every(hasId))) throw unreadable(answer);
    return answer;
  }

  async getResult(address: ResultAddress): Promise<TaskResult> {
    return readResult(await this.#ask("query", "results.get", addressFields(address)));
  }

  async cancel(address: ResultAddress): Promise<CancelAnswer> {
    const answer = await this.#ask("mutation", "results.cancel", addressFields(address));
    if (typeof answer !== "string") throw unreadable(answer);
    return answer as CancelAnswer;
  }

  listResults(): Promise<TaskResultPage> {
    const message =
      "A client over tRPC cannot list task results: keep their ids, or list them on the server and offer that in a procedure of your own.";
    return Promise.reject(new TaskError({ code: "NOT_SUPPORTED", message }));
  }

  async waitForResult(
    address: ResultAddress,
    wait: { readonly timeoutMs: number | null; readonly signal: AbortSignalLike | null },
  ): Promise<TaskResult> {
    const { timeoutMs, signal } = wait;
    const endsAt = timeoutMs === null ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    for (let failures = 0; ; ) {
      if (isAborted(signal)) throw abortedBy(signal, address.id);
      const leftMs = Math.max(0, endsAt - performance.now());
      const waitMs = Math.min(leftMs, LONGEST_WAIT_MS);
      try {
        const limitMs = leftMs <= LONGEST_WAIT_MS ? waitMs + LAST_ANSWER_MS : waitMs + this.#limits.timeoutMs;
        const fields = { ...addressFields(address), timeoutMs: Math.round(waitMs) };
        const answer = await this.#try("query", "results.wait", fields, { limitMs, signal });
        failures = 0;
        if (answer !== null) return readResult(answer);
      } catch (error) {
        if (isAborted(signal)) throw abortedBy(signal, address.id);
        failures += 1;
        const mayPass = CODES_TRIED_AGAIN.includes((error as TaskError).code) && failures < MOST_FAILURES;
        if (!mayPass) throw error;
        if (performance.now() < endsAt)
          await pause(Math.min(pauseBefore(failures), endsAt - performance.now()), signal);
      }
      if (performance.now() >= endsAt) throw timedOut(address, timeoutMs);
    }
  }

  watchProgress(address: ResultAddress, listeners: ProgressListeners): () => void {
    const ending = new AbortController();
    let lastEventId: string | null = null;
    let failures = 0;
    let unsubscribe = () => {};
    const stop = () => {
      ending.abort();
      unsubscribe();
    };
    const fail = (error: unknown) => {
      if (ending.signal.aborted) return;
      stop();
      listeners.onError(error);
    };
    let openedAt = Number.POSITIVE_INFINITY;
    const again = async (error: unknown) => {
      const failure = toTaskError(error);
      failures = performance.now() - openedAt > LASTING_MS ? 1 : failures + 1;
      openedAt = Number.POSITIVE_INFINITY;
      if (!CODES_TRIED_AGAIN.includes(failure.code) || failures >= MOST_FAILURES) fail(failure);
      else {
        await pause(pauseBefore(failures), ending.signal);
        subscribe();
      }
    };
    const subscribe = () => {
      if (ending.signal.aborted) return;
      const fields = { ...addressFields(address), ...(lastEventId === null ? {} : { lastEventId }) };
      let isOver = false;
      const once = (next: () => unknown) => {
        if (isOver || ending.signal.aborted) return;
        isOver = true;
        next();
      };
      unsubscribe = this.#caller.subscribe("results.progress", fields, {
        onOpen: () => {
          openedAt = performance.now();
        },
        onEvent: ({ id, data }) => {
          if (isOver || ending.signal.aborted) return;
          const update = data as ProgressUpdate;
          if (typeof update?.status !== "string") return fail(unreadable(data));
          failures = 0;
          lastEventId = id;
          // One that throws is told so, like one of the direct client.
          try {
            listeners.onUpdate(update);
          } catch (error) {
            fail(error);
          }
          if (isFinishedStatus(update.status)) stop();
        },
        onEnd: () => once(() => again(null)),
        onError: (error) => once(() => again(error)),
      });
    };
    subscribe();
    return stop;
  }

  async #enqueue(path: string, { fields, refusal }: GuardedFields): Promise<unknown> {
    try {
      return await this.#ask("mutation", path, fields);
    } catch (error) {
      throw refusal() ?? error;
    }
  }

  /** Makes a call again when it got no answer; what is enqueued has a key, so that it is stored once all the same. */
  async #ask(type: "query" | "mutation", path: string, fields: object): Promise<unknown> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#try(type, path, fields, { limitMs: this.#limits.timeoutMs, signal: null });
      } catch (error) {
        if (tries >= this.#limits.retries || !CODES_TRIED_AGAIN.includes((error as TaskError).code))
          throw error;
        await pause(pauseBefore(tries));
      }
    }
  }

  async #try(
    type: "query" | "mutation",
    path: string,
    fields: object,
    bounds: { readonly limitMs: number; readonly signal: AbortSignalLike | null },
  ): Promise<unknown> {
    try {
      return await boundedCall(
        (signal) => this.#caller.call(type, path, fields, signal),
        bounds.limitMs,
        bounds.signal,
      );
    } catch (error) {
      throw toTaskError(error);
    }
  }
}

function isAborted(signal: AbortSignalLike | null): boolean {
  return signal?.aborted === true;
}

function abortedBy(signal: AbortSignalLike | null, id: string): TaskError {
  const message = `The wait for ${id} was ended by its signal.`;
  return new TaskError({ code: "ABORTED", message, cause: signal?.reason });
}

function timedOut({ id, path }: ResultAddress, timeoutMs: number | null): TaskError {
  return new TaskError({
    code: "RESULT_TIMEOUT",
    message: `${id} had not ended after ${timeoutMs} ms; it goes on.`,
    data: { id, ...(path === null ? {} : { path }) },
  });
}
