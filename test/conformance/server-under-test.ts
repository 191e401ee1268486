import {
  type AnyTaskServer,
  type ContextRequest,
  createTaskServer,
  type FailedTask,
  type Handlers,
  type Logger,
  type TaskServer,
  type Tracing,
} from "@taskwright/server";
import type { Backend, EnqueueOutcome, EnqueueRequest, Transactions } from "@taskwright/server/backend";
import { createWorker, type Worker, type WorkerOptions } from "@taskwright/server/worker";
import type { AsyncResult, TaskResult, TaskStatus } from "@taskwright/shared";
import { FakeHost } from "../harness/fake-host.ts";
import type { OpenedStore } from "./exercise.ts";
import { type ServerContract, tasks } from "./server-contract.ts";

type ContractHandlers = Handlers<ServerContract["~router"], object, ServerContract>;

const PATIENCE_MS = 25_000;
/** Longer than a worker takes to stop, whatever its handlers do. */
const LONGEST_STOP_MS = 60_000;

/** Handlers that do what a case does not say. */
const PLAIN_HANDLERS: ContractHandlers = {
  work: ({ input }) => ({ n: input.n }),
  patient: () => {},
  falsy: ({ input }) => ({ null: null, zero: 0, false: false, empty: "" })[input.which],
  silent: () => {},
  slow: () => {},
  mail: { send: () => {} },
};

/** What a case may say of a server. */
export interface ServerChoice {
  readonly handlers?: Partial<ContractHandlers>;
  readonly onFailed?: (failed: FailedTask) => unknown;
  readonly createContext?: (request: ContextRequest) => object | Promise<object>;
  readonly tracing?: Tracing;
  /** Backends beside the one under test, which is the default one. */
  readonly others?: Readonly<Record<string, Backend>>;
}

/** What a server told its logger. */
export interface Told {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly facts: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Servers and workers on a fresh store, with a clock that stands still until the case moves it. */
export class ServerUnderTest implements AsyncDisposable {
  readonly store: OpenedStore;
  readonly host: FakeHost;
  /** The store as servers see it: every call is waited for, and its clock moves with the host's. */
  readonly backend: Backend;
  /** The sizes of the batches that were enqueued. */
  readonly batches: number[] = [];
  /** What servers told their logger, oldest first. */
  readonly told: Told[] = [];
  /** Changes what the store answers to an enqueue; a case sets it to make the store fail. */
  spoilEnqueue: (request: EnqueueRequest) => readonly EnqueueOutcome[] | undefined = () => undefined;
  /** What a case makes happen before operations, by names such as `leases.claim`; what it throws is the store's answer. */
  readonly before = new Map<string, () => Promise<void>>();
  /** What a case makes happen between operations and their answers. */
  readonly after = new Map<string, () => Promise<void>>();
  readonly #workers: Worker[] = [];

  constructor(store: OpenedStore) {
    this.store = store;
    this.host = new FakeHost(Date.now());
    this.backend = this.observe(store.backend);
  }

  /** Makes a server on the store; several are as several processes are. */
  serve(choice: ServerChoice = {}): TaskServer<ServerContract> {
    const { handlers, onFailed, createContext, tracing, others } = choice;
    return createTaskServer({
      tasks,
      backends: { ...others, default: this.backend },
      handlers: { ...PLAIN_HANDLERS, ...handlers },
      ...(onFailed === undefined ? {} : { onFailed }),
      ...(createContext === undefined ? {} : { createContext }),
      ...(tracing === undefined ? {} : { tracing }),
      logger: this.logger(),
      host: this.host,
    });
  }

  /** Makes a worker of a server and starts it. */
  async work(server: AnyTaskServer, options: WorkerOptions = {}): Promise<Worker> {
    const worker = createWorker(server, options);
    this.#workers.push(worker);
    await worker.start();
    await this.host.settle();
    return worker;
  }

  /** Makes a server with these handlers and a worker of it, and gives the server. */
  async run(
    handlers: Partial<ContractHandlers> = {},
    options: WorkerOptions = {},
  ): Promise<TaskServer<ServerContract>> {
    const server = this.serve({ handlers });
    await this.work(server, options);
    return server;
  }

  /** The time by the store's clock, where it has one of its own. */
  async storeTime(): Promise<number> {
    return (await this.backend.readTime?.()) ?? this.host.wallTime();
  }

  /** Looks again and again, for a while, until what it sees is true; the clock stands still. */
  async until(look: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (!(await look())) {
      if (Date.now() > giveUpAt) throw new Error(`It did not become so within ${PATIENCE_MS} ms: ${look}`);
      await this.host.settle();
    }
  }

  /** Waits until a task result has this status, and reads it. */
  async untilStatus(result: AsyncResult<unknown> | undefined, status: TaskStatus): Promise<TaskResult> {
    if (result === undefined) throw new Error("There is no such result.");
    await this.until(async () => (await result.status()) === status);
    // What the store has by now, a worker has heard too.
    await this.host.settle();
    return result.refresh();
  }

  /** Stops a worker, with the clock running so that its patience can end. */
  async stop(worker: Worker): Promise<void> {
    await Promise.all([worker.stop(), this.host.advance(LONGEST_STOP_MS)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => this.stop(worker)));
  }

  /** Keeps what it is told in {@link told}. */
  logger(): Logger {
    const tell = (level: Told["level"]) => (facts: object, message: string) => {
      this.told.push({ level, facts: { ...facts }, message });
    };
    return { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") };
  }

  /** A store as servers here see it: the host waits for its answers. */
  observe(backend: Backend): Backend {
    const { store, leases, delivery, maintenance, inspector, wakeups, transactions, outbox, schedules } =
      backend;
    const { readTime, longestWaitMs, defaultLeaseMs, batchesAtOnce } = backend;
    const enqueue = async (request: EnqueueRequest) => {
      this.batches.push(request.tasks.length);
      return this.spoilEnqueue(request) ?? store.enqueue(request);
    };
    return {
      kind: backend.kind,
      store: this.#watched("store", store, { enqueue }),
      ...(leases === undefined ? {} : { leases: this.#watched("leases", leases) }),
      ...(delivery === undefined
        ? {}
        : {
            delivery: this.#watched("delivery", delivery, {
              leases: this.#watched("leases", delivery.leases),
            }),
          }),
      ...(maintenance === undefined ? {} : { maintenance: this.#watched("maintenance", maintenance) }),
      ...(inspector === undefined ? {} : { inspector: this.#watched("inspector", inspector) }),
      ...(wakeups === undefined ? {} : { wakeups }),
      ...(longestWaitMs === undefined ? {} : { longestWaitMs }),
      ...(defaultLeaseMs === undefined ? {} : { defaultLeaseMs }),
      ...(batchesAtOnce === undefined ? {} : { batchesAtOnce }),
      ...(readTime === undefined ? {} : { readTime: this.#standingClock(readTime) }),
      ...(transactions === undefined ? {} : { transactions: this.#transactions(transactions) }),
      ...(outbox === undefined ? {} : { outbox: this.#watched("outbox", outbox) }),
      ...(schedules === undefined ? {} : { schedules: this.#watched("schedules", schedules) }),
      ...(backend.deadLetters === undefined ? {} : { deadLetters: backend.deadLetters }),
      diagnose: () => backend.diagnose(),
      open: () => this.#interrupted("open", () => backend.open()),
      // Several servers share it here; the suite closes it when all are done.
      close: () => this.#interrupted("close", async () => {}),
    };
  }

  /** A store's clock, as far from the host's as at its first reading, but standing still and moved with it. */
  #standingClock(readTime: () => Promise<number>): () => Promise<number> {
    let start: number | undefined;
    return () =>
      this.#interrupted("readTime", async () => {
        const time = await readTime();
        start ??= time - this.host.monotonicTime();
        return start + this.host.monotonicTime();
      });
  }

  /** The work of a transaction may wait for the case, so only what it asks of the store is waited for. */
  #transactions(transactions: Transactions): Transactions {
    return {
      ...transactions,
      enqueue: (request) => this.#interrupted("transactions.enqueue", () => transactions.enqueue(request)),
    };
  }

  #watched<Facet extends object>(kind: string, facet: Facet, instead: Partial<Facet> = {}): Facet {
    return new Proxy(facet, {
      get: (target, name) => {
        const operation: unknown = Reflect.get(instead, name) ?? Reflect.get(target, name);
        // An id is placed at once, without a look into the store.
        if (typeof operation !== "function" || name === "placeId") return operation;
        return (request: unknown) =>
          this.#interrupted(`${kind}.${String(name)}`, () => operation.call(target, request));
      },
    });
  }

  /** The host waits for the operation itself, and not for what a case makes of it. */
  async #interrupted<T>(name: string, operation: () => Promise<T>): Promise<T> {
    await this.before.get(name)?.();
    const answer = await this.host.during(operation());
    await this.after.get(name)?.();
    return answer;
  }
}
