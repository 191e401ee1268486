import {
  type CallOptions,
  type CancelAnswer,
  type Enqueued,
  isTaskError,
  type ListOptions,
  type OutputForm,
  type ProgressListeners,
  type ResultAddress,
  TaskError,
  type TaskResult,
  type TaskResultPage,
  type TaskTransport,
} from "@taskwright/shared";
import type { EnqueueOutcome, NewTask, TaskRecord } from "../backend/index.ts";
import type { Engine, EngineTask } from "./engine.ts";
import { encodeAll, incomplete, sharedDeduplicationId } from "./enqueue-many.ts";
import { type FoundRecord, findRecord, resultNotFound } from "./find-record.ts";
import { listResults } from "./list-results.ts";
import { type Call, newTask, resolveCall } from "./new-task.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { watchProgress } from "./progress-watch.ts";
import { toTaskResult } from "./result-mapping.ts";
import { type Wait, waitForEnd } from "./result-waiter.ts";
import { storedBefore } from "./stored-before.ts";
import { withTrace } from "./stored-trace.ts";
import type { TaskTracer } from "./task-tracer.ts";
import type { TransactionScope } from "./transaction-scope.ts";
import { transactionRunnerOf } from "./transactional-attempt.ts";

/** What an edge wants otherwise than a client in this process. */
export interface EdgeCall {
  readonly outputs: OutputForm;
  /** The id that the task at this place of the call must have, the same each time the call is repeated; null for new ones. */
  readonly idOf: ((index: number) => string) | null;
}

interface EnqueueCall {
  readonly path: string;
  readonly input: unknown;
  readonly options: readonly CallOptions[];
}

interface EnqueueManyCall {
  readonly path: string;
  readonly inputs: readonly unknown[];
  readonly options: readonly CallOptions[];
}

/** What a call is for, and where it goes. */
interface Aim {
  readonly task: EngineTask;
  readonly call: Call;
  readonly opened: OpenedBackend;
}

const NOTHING: ReadonlyMap<string, Enqueued> = new Map();
const NO_EDGE: EdgeCall = { outputs: "output", idOf: null };

/** Carries a client's calls straight to the server's backends. */
export class DirectTransport implements TaskTransport {
  readonly #engine: Engine;
  readonly #parentId: string | null;
  readonly #scope: TransactionScope | null;
  readonly #edge: EdgeCall;

  /**
   * @param parentId the task result on whose behalf the calls are made, or null
   * @param scope the transaction that tasks are stored in; null for one of the store's own
   */
  constructor(
    engine: Engine,
    parentId: string | null,
    scope: TransactionScope | null = null,
    edge: EdgeCall = NO_EDGE,
  ) {
    this.#engine = engine;
    this.#parentId = parentId;
    this.#scope = scope;
    this.#edge = edge;
  }

  enqueue(call: EnqueueCall): Promise<Enqueued> {
    const { tracer } = this.#engine;
    if (tracer === null) return this.#enqueue(call);
    return this.#traced(call, { tracer, count: null }, (aim) => this.#enqueue(call, aim));
  }

  enqueueMany(call: EnqueueManyCall): Promise<readonly Enqueued[]> {
    const { tracer } = this.#engine;
    if (tracer === null) return this.#enqueueMany(call);
    const count = Array.isArray(call.inputs) ? call.inputs.length : 0;
    return this.#traced(call, { tracer, count }, (aim) => this.#enqueueMany(call, aim));
  }

  /** Begins a span when it is known what a call is for. */
  async #traced<TAnswer extends Enqueued | readonly Enqueued[]>(
    call: EnqueueCall | EnqueueManyCall,
    { tracer, count }: { readonly tracer: TaskTracer; readonly count: number | null },
    store: (aim: Aim) => Promise<TAnswer>,
  ): Promise<TAnswer> {
    const aim = this.#aimOf(call);
    const { task, call: asked, opened } = aim;
    const facts = { path: task.path, queue: asked.options.queue, backend: opened.name, count };
    return tracer.enqueue(facts, (origin) =>
      store(origin === null ? aim : { ...aim, call: { ...asked, policy: withTrace(asked.policy, origin) } }),
    );
  }

  async #enqueue(call: EnqueueCall, aim: Aim = this.#aimOf(call)): Promise<Enqueued> {
    const { task, call: resolved, opened } = aim;
    const encoded = task.payload.encodeInput(call.input);
    const input = encoded instanceof Promise ? await encoded : encoded;
    if (!opened.isOpen) await opened.use();
    const item = this.#newTask(task, resolved, { input, opened, index: 0 });
    if (this.#scope === null) {
      if (opened.backend.runsAtOnce === true) this.#engine.atOnce?.check(item);
      const outcome = await opened.enqueues.add(item);
      const repeated = (await this.#storedBefore(opened, [item])).get(item.id);
      if (repeated !== undefined) return repeated;
      const answer = this.#answer(item, outcome, opened.name);
      await this.#runAtOnce([item], opened);
      return answer;
    }
    const [outcome] = await this.#scope.enqueue(opened, [item], false);
    return this.#answer(item, outcome as EnqueueOutcome, opened.name);
  }

  async #enqueueMany(call: EnqueueManyCall, aim: Aim = this.#aimOf(call)): Promise<readonly Enqueued[]> {
    const { task, call: resolved, opened } = aim;
    if (!Array.isArray(call.inputs)) {
      throw new TaskError({
        code: "INVALID_OPTION",
        message: `enqueueMany of ${task.path} takes an array of inputs.`,
      });
    }
    if (call.inputs.length > 1 && resolved.options.deduplicationId !== undefined)
      throw sharedDeduplicationId(task.path, call.inputs.length);
    const inputs = await encodeAll(task, call.inputs);
    if (inputs.length === 0) return [];
    if (!opened.isOpen) await opened.use();
    const tasks = inputs.map((input, index) => this.#newTask(task, resolved, { input, opened, index }));
    if (opened.backend.runsAtOnce === true) for (const item of tasks) this.#engine.atOnce?.check(item);
    const outcomes =
      this.#scope === null
        ? await opened.backend.store.enqueue({ tasks, atomic: true, now: opened.clock.now() })
        : await this.#scope.enqueue(opened, tasks, true);
    if (outcomes.some((outcome) => outcome.outcome === "failed")) throw incomplete(task, tasks, outcomes);
    const stored = await this.#storedBefore(opened, tasks);
    const answers = tasks.map(
      (item, index) =>
        stored.get(item.id) ?? this.#answer(item, outcomes[index] as EnqueueOutcome, opened.name),
    );
    const fresh = tasks.filter(({ id }) => !stored.has(id));
    if (this.#scope === null) await this.#runAtOnce(fresh, opened);
    return answers;
  }

  async getResult(address: ResultAddress): Promise<TaskResult> {
    const { record, opened } = await this.#find(address);
    return this.#toResult(record, opened);
  }

  async waitForResult(address: ResultAddress, wait: Wait): Promise<TaskResult> {
    const { record, opened } = await waitForEnd(address.id, {
      wait,
      host: this.#engine.host,
      find: () => this.#find(address),
      read: (found) => this.#read(found, address),
    });
    return this.#toResult(record, opened);
  }

  watchProgress(address: ResultAddress, listeners: ProgressListeners): () => void {
    return watchProgress({
      host: this.#engine.host,
      find: () => this.#find(address),
      read: (found) => this.#read(found, address),
      listeners,
    });
  }

  async cancel(address: ResultAddress): Promise<CancelAnswer> {
    const blind = this.#candidates(address).filter(({ backend }) => backend.delivery?.keepsResults === false);
    try {
      return await this.#cancelFound(await this.#find(address), address);
    } catch (error) {
      if (blind.length === 0 || !isTaskError(error)) throw error;
      const isElsewhere = error.code === "NOT_SUPPORTED" || error.code === "RESULT_NOT_FOUND";
      if (!isElsewhere) throw error;
    }
    for (const opened of blind) {
      const outcome = await opened.backend.store.cancel({ id: address.id, now: opened.clock.now() });
      if (outcome !== "not-found") return outcome;
    }
    throw resultNotFound(
      address.id,
      blind.map(({ name }) => name),
    );
  }

  async #cancelFound({ record, opened }: FoundRecord, address: ResultAddress): Promise<CancelAnswer> {
    const outcome = await opened.backend.store.cancel({ id: address.id, now: opened.clock.now() });
    if (outcome === "not-found") throw resultNotFound(address.id, [opened.name]);
    if (outcome === "cancelled") {
      const event = { id: record.id, path: record.path, queue: record.queue, backend: opened.name };
      this.#engine.events.emit("cancelled", event);
      this.#engine.events.emit("finished", { ...event, status: "CANCELLED" });
    }
    return outcome;
  }

  listResults(options: ListOptions): Promise<TaskResultPage> {
    return listResults(this.#engine, options);
  }

  #aimOf({ path, options }: { path: string; options: readonly CallOptions[] }): Aim {
    const task = this.#engine.task(path);
    const call = resolveCall(task, options);
    const opened = this.#engine.backend(call.options.backend);
    // Nobody could ever run it there.
    if (task.options.transaction) transactionRunnerOf(opened, task.path);
    return { task, call, opened };
  }

  #newTask(
    task: EngineTask,
    call: Call,
    facts: { input: string | null; opened: OpenedBackend; index: number },
  ): NewTask {
    const { host } = this.#engine;
    const { idOf } = this.#edge;
    return newTask(task, call, {
      input: facts.input,
      parentId: this.#parentId,
      now: facts.opened.clock.now(),
      host: idOf === null ? host : { sha256: (text) => host.sha256(text), newId: () => idOf(facts.index) },
      store: facts.opened.backend.store,
    });
  }

  /** What calls with the same ids have stored before; nothing where ids are always new. */
  async #storedBefore(
    opened: OpenedBackend,
    tasks: readonly NewTask[],
  ): Promise<ReadonlyMap<string, Enqueued>> {
    return this.#edge.idOf === null ? NOTHING : storedBefore(opened, tasks);
  }

  #toResult(record: TaskRecord, opened: OpenedBackend): Promise<TaskResult> {
    return toTaskResult(record, this.#engine.tasks.get(record.path), opened.name, this.#edge.outputs);
  }

  /** Runs what was stored, one after the other, where the backend is one for that; what was deduplicated is not there. */
  async #runAtOnce(tasks: readonly NewTask[], opened: OpenedBackend): Promise<void> {
    if (opened.backend.runsAtOnce !== true) return;
    for (const item of tasks) await this.#engine.atOnce?.run(opened, item);
  }

  #answer(item: NewTask, outcome: EnqueueOutcome, backend: string): Enqueued {
    if (outcome.outcome === "failed") throw outcome.error;
    const deduplicated = outcome.outcome === "deduplicated";
    const id = deduplicated ? outcome.id : item.id;
    const { events } = this.#engine;
    if (events.has("enqueued")) {
      const event = { id, path: item.path, queue: item.queue, backend, deduplicated };
      if (this.#scope === null) events.emit("enqueued", event);
      else this.#scope.whenCommitted(() => events.emit("enqueued", event));
    }
    return { id, deduplicated, status: deduplicated ? outcome.status : "READY" };
  }

  /** Looks in the named backend; without a name, in the task's own and then in the others. */
  async #find(address: ResultAddress): Promise<FoundRecord> {
    const found = await findRecord(this.#candidates(address), address.id);
    checkPath(found.record, address);
    return found;
  }

  #candidates(address: ResultAddress): readonly OpenedBackend[] {
    if (address.backend !== null) return [this.#engine.backend(address.backend)];
    const all = [...this.#engine.backends.values()];
    const own = address.path === null ? undefined : this.#engine.task(address.path).options.backend;
    return all.sort((left, right) => Number(right.name === own) - Number(left.name === own));
  }

  async #read(opened: OpenedBackend, address: ResultAddress): Promise<TaskRecord> {
    const { record } = await findRecord([opened], address.id);
    checkPath(record, address);
    return record;
  }
}

function checkPath(record: TaskRecord, address: ResultAddress): void {
  if (address.path === null || record.path === address.path) return;
  throw new TaskError({
    code: "RESULT_MISMATCH",
    message: `${address.id} is a result of ${record.path}, not of ${address.path}.`,
    data: { id: address.id, path: record.path },
  });
}
