import {
  checkAllowedOptions,
  checkInputList,
  checkOptionNames,
  checkRequestKey,
  type Enqueued,
  isTaskError,
  mergeOptions,
  PayloadError,
  type PayloadErrorData,
  parseOptions,
  type ResolvedOptions,
  readProcedureFields,
  TaskError,
} from "@taskwright/shared";
import { TRPCError } from "@trpc/server";
import type { KeptInput, KnownTask, KnownTasks } from "./mocked-payloads.ts";
import type { EnqueueMethod, MockedOptions, MockedTask } from "./mocked-task.ts";
import { TaskRecord } from "./task-record.ts";
import type { TaskStore } from "./task-store.ts";

/** What a test's function is told of one input that comes to be enqueued. */
export interface MockedCall<TPath extends string = string, TInput = unknown, TOutput = unknown> {
  readonly input: TInput;
  readonly options: MockedOptions;
  readonly method: EnqueueMethod;
  /** What will have been enqueued when the function has ended; it can be driven from within. */
  readonly task: MockedTask<TPath, TInput, TOutput>;
}

/** A test's function for what is enqueued; to throw refuses it. */
export type MockedAnswer = (call: MockedCall) => unknown;

/** Gives the function for the next input of a path, if there is one. */
export type TakeAnswer = (path: string) => MockedAnswer | undefined;

/** A call that came. */
interface Call {
  readonly path: string;
  readonly method: EnqueueMethod;
  readonly inputs: readonly unknown[];
  readonly options: unknown;
  readonly key: unknown;
  readonly take: TakeAnswer;
}

/** A call whose options are checked. */
interface CheckedCall extends Call {
  readonly task: KnownTask;
  readonly given: MockedOptions;
  readonly merged: ResolvedOptions;
  readonly mostRetries: number;
}

/** A call with a request key, which may come again. */
interface Repeatable {
  readonly texts: readonly (string | null)[];
  readonly stored: Promise<readonly Enqueued[]>;
}

function newId(): string {
  // Unlike randomUUID(), this is also there on pages without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Keeps every input before any is enqueued; the first that does not fit is thrown with its position in a list. */
async function keepAll(task: KnownTask, inputs: readonly unknown[], isList: boolean): Promise<KeptInput[]> {
  const kept: KeptInput[] = [];
  for (const [index, input] of inputs.entries()) {
    try {
      kept.push(await task.keepInput(input));
    } catch (error) {
      if (!isList || !isTaskError(error, "PAYLOAD_ERROR") || error.data === undefined) throw error;
      const data = { ...(error.data as PayloadErrorData), index };
      throw new PayloadError({ message: `[${index}] ${error.message}`, data, cause: error });
    }
  }
  return kept;
}

function checkTellsApart({ path, inputs, method, merged }: CheckedCall): void {
  if (method !== "enqueueMany" || inputs.length <= 1 || merged.deduplicationId === undefined) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `enqueueMany of ${path} has ${inputs.length} inputs and one deduplicationId, under which only the first would be stored. Give each its own with enqueue(), or go by what is in them with deduplicated: true.`,
    data: { option: "deduplicationId" },
  });
}

/** What the procedures `tasks.<path>.…` do. */
export class MockedEnqueues {
  readonly #store: TaskStore;
  readonly #tasks: KnownTasks;
  readonly #allowed: readonly string[];
  #repeatable = new Map<string, Repeatable>();

  constructor(store: TaskStore, tasks: KnownTasks, allowed: readonly string[]) {
    this.#store = store;
    this.#tasks = tasks;
    this.#allowed = allowed;
  }

  async delay(path: string, input: unknown, take: TakeAnswer): Promise<Enqueued> {
    const call = { path, method: "delay", inputs: [input], options: {}, key: undefined, take } as const;
    return (await this.#enqueue(call))[0] as Enqueued;
  }

  async enqueue(
    path: string,
    method: "applyAsync" | "enqueue",
    input: unknown,
    take: TakeAnswer,
  ): Promise<Enqueued> {
    const fields = readProcedureFields(input, `${method} of ${path}`, ["input", "options", "requestKey"]);
    const call = {
      path,
      method,
      inputs: [fields.input],
      options: fields.options,
      key: fields.requestKey,
      take,
    };
    return (await this.#enqueue(call))[0] as Enqueued;
  }

  async enqueueMany(path: string, input: unknown, take: TakeAnswer): Promise<readonly Enqueued[]> {
    const fields = readProcedureFields(input, `enqueueMany of ${path}`, ["inputs", "options", "requestKey"]);
    const { inputs, options, requestKey: key } = fields;
    checkInputList(path, inputs);
    // In arrays, JSON has null for undefined.
    const isBare = this.#tasks.task(path).takesNoInput;
    const given = isBare ? inputs.map((one) => one ?? undefined) : inputs;
    return this.#enqueue({ path, method: "enqueueMany", inputs: given, options, key, take });
  }

  /** Forgets which calls may come again. */
  reset(): void {
    this.#repeatable = new Map();
  }

  async #enqueue(call: Call): Promise<readonly Enqueued[]> {
    const checked = this.#check(call);
    const kept = await keepAll(checked.task, call.inputs, call.method === "enqueueMany");
    const { key, path } = call;
    if (typeof key !== "string") return this.#storeAll(checked, kept);
    const name = `${path}\0${key}`;
    const texts = kept.map(({ text }) => text);
    const before = this.#repeatable.get(name);
    if (before !== undefined) return this.#repeat(before, texts);
    const stored = this.#storeAll(checked, kept);
    this.#repeatable.set(name, { texts, stored });
    try {
      return await stored;
    } catch (error) {
      // Nothing was stored, so the next call of that key is a first one again.
      this.#repeatable.delete(name);
      throw error;
    }
  }

  #check(call: Call): CheckedCall {
    const { options = {}, key, path } = call;
    checkOptionNames(options, "options", Object.keys(options ?? {}));
    checkAllowedOptions(options as Readonly<Record<string, unknown>>, this.#allowed);
    checkRequestKey(key);
    const task = this.#tasks.task(path);
    const parsed = parseOptions(options, "call", task.queues);
    const merged = mergeOptions(task.options, parsed);
    const mostRetries = parsed.maxRetries ?? task.mostRetries;
    const checked = { ...call, task, given: options as MockedOptions, merged, mostRetries };
    checkTellsApart(checked);
    return checked;
  }

  async #repeat(
    { texts, stored }: Repeatable,
    again: readonly (string | null)[],
  ): Promise<readonly Enqueued[]> {
    if (texts.length !== again.length || texts.some((text, index) => text !== again[index]))
      throw new TaskError({
        code: "REQUEST_CONFLICT",
        message: "The requestKey was used before, and not for this: make a new one for each call.",
      });
    return (await stored).map((enqueued) => ({
      ...enqueued,
      status: this.#store.find(enqueued.id)?.status ?? enqueued.status,
    }));
  }

  /** Asks the test's functions about each input, and then stores all or none. */
  async #storeAll(call: CheckedCall, kept: readonly KeptInput[]): Promise<readonly Enqueued[]> {
    const { generation } = this.#store;
    const fresh: TaskRecord[] = [];
    const held: (readonly [string, TaskRecord])[] = [];
    const answers: Enqueued[] = [];
    try {
      for (const input of kept) {
        const holdKey = deduplicationKey(call, input);
        const holder = this.#store.holder(holdKey);
        if (holder !== undefined) {
          answers.push({ id: holder.id, deduplicated: true, status: holder.status });
          continue;
        }
        const record = newRecord(call, input);
        if (holdKey !== null) {
          this.#store.hold(holdKey, record, call.merged.deduplicationWindowMs);
          held.push([holdKey, record]);
        }
        await ask(call, record);
        fresh.push(record);
        answers.push({ id: record.id, deduplicated: false, status: "READY" });
      }
      if (this.#store.generation !== generation) {
        const message = "mock.reset() was called while this was enqueued; it is forgotten.";
        throw new TaskError({ code: "ABORTED", message });
      }
    } catch (error) {
      for (const [key, record] of held) this.#store.release(key, record);
      throw error;
    }
    for (const record of fresh) this.#store.add(record);
    return answers;
  }
}

function deduplicationKey({ path, merged }: CheckedCall, { canonical }: KeptInput): string | null {
  const { deduplicationId, deduplicated } = merged;
  if (deduplicationId !== undefined) return `id\0${path}\0${deduplicationId}`;
  return deduplicated ? `content\0${path}\0${canonical}` : null;
}

function newRecord(
  { path, method, task, given, merged, mostRetries }: CheckedCall,
  { value }: KeptInput,
): TaskRecord {
  const now = Date.now();
  const init = {
    id: newId(),
    path,
    label: task.label,
    input: value,
    options: given,
    method,
    enqueuedAt: new Date(now),
    runAfter: new Date(merged.runAt ?? now + (merged.countdownMs ?? 0)),
    queue: merged.queue,
    priority: merged.priority,
    maxRetries: mostRetries,
    tags: merged.tags,
  };
  return new TaskRecord(init, task.carryOutput);
}

/** Calls the test's function, if there is one; a fault of its own is told to whoever reads the test's output. */
async function ask({ path, method, given, take }: CheckedCall, record: TaskRecord): Promise<void> {
  const answer = take(path);
  try {
    await answer?.({ input: record.input, options: given, method, task: record });
  } catch (error) {
    if (!isTaskError(error) && !(error instanceof TRPCError)) {
      // The frontend is told nothing of it, as by a server, and a mock has no other log.
      // biome-ignore lint/suspicious/noConsole: see above
      console.error(
        `The mock of ${path} threw what is no TaskError; the frontend gets INTERNAL_ERROR.`,
        error,
      );
    }
    throw error;
  }
}
