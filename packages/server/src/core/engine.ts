import {
  didYouMean,
  mergeOptions,
  type ResolvedOptions,
  TaskError,
  TaskPayload,
  tasksByPath,
} from "@taskwright/shared";
import type { Backend } from "../backend/index.ts";
import type { AtOnce } from "./at-once.ts";
import { endsWithin } from "./bounded-answer.ts";
import { withBuiltInTasks } from "./built-in-tasks.ts";
import type { BuiltHandler } from "./handler-types.ts";
import type { Host } from "./host.ts";
import type { Logger } from "./logger.ts";
import { OpenedBackend } from "./opened-backend.ts";
import { type FailedTask, TaskEventHub } from "./task-events.ts";
import { TaskTracer } from "./task-tracer.ts";
import type { Tracing } from "./tracing.ts";
import { transactionRunnerOf } from "./transactional-attempt.ts";

/** As long as a worker's patience with its handlers. */
const LONGEST_DRAIN_MS = 20_000;

/** A task as the engine runs it. */
export interface EngineTask {
  readonly path: string;
  readonly label: string;
  readonly payload: TaskPayload;
  /** The task's options over the contract's defaults. */
  readonly options: ResolvedOptions;
  readonly queues: ReadonlySet<string> | "any";
  /** Absent in a client, and for tasks that this server leaves to others. */
  readonly handler?: BuiltHandler;
}

/** What an {@link Engine} is made of, all of it checked. */
export interface EngineInit {
  readonly router: { readonly "~router": unknown };
  readonly backends: Readonly<Record<string, Backend>>;
  readonly handlers: ReadonlyMap<string, BuiltHandler>;
  readonly createContext?: (request: ContextRequest) => unknown;
  readonly onFailed?: (failed: FailedTask) => unknown;
  readonly maxPayloadBytes?: number;
  /** Given by servers, for backends that have `runsAtOnce`. */
  readonly atOnce?: AtOnce;
  readonly tracing?: Tracing;
  readonly logger: Logger;
  readonly host: Host;
}

/** What `createContext` is told about the attempt it makes a context for. */
export interface ContextRequest {
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  /** The attempt's number, from 1. */
  readonly attempt: number;
}

/** Everything that clients, workers and edges of one server share. */
export class Engine {
  readonly tasks: ReadonlyMap<string, EngineTask>;
  readonly backends: ReadonlyMap<string, OpenedBackend>;
  readonly events: TaskEventHub;
  readonly logger: Logger;
  readonly host: Host;
  readonly createContext: ((request: ContextRequest) => unknown) | undefined;
  readonly onFailed: ((failed: FailedTask) => unknown) | undefined;
  /** Runs what was enqueued into a backend that has `runsAtOnce`; null in a client, which has no handlers. */
  readonly atOnce: AtOnce | null;
  /** null where nothing is traced, which then costs nothing. */
  readonly tracer: TaskTracer | null;
  readonly #pending = new Set<Promise<void>>();

  constructor(init: EngineInit) {
    this.host = init.host;
    this.logger = init.logger;
    this.events = new TaskEventHub(init.logger);
    this.createContext = init.createContext;
    this.onFailed = init.onFailed;
    this.atOnce = init.atOnce ?? null;
    this.tracer = init.tracing === undefined ? null : new TaskTracer(init.tracing, init.logger);
    this.backends = new Map(
      Object.entries(init.backends).map(([name, backend]) => [name, new OpenedBackend(name, backend, init)]),
    );
    const declared = tasksByPath(init.router);
    const all = [...this.backends.values()];
    const needs = {
      outbox: all.some(({ relay }) => relay !== null),
      maintenance: all.some(({ backend }) => backend.maintenance !== undefined),
    };
    this.tasks = new Map(
      [...withBuiltInTasks(declared, needs)].map(([path, task]) => {
        const { config, options } = task["~task"];
        const handler = init.handlers.get(path);
        return [
          path,
          {
            path,
            label: options.label ?? path,
            payload: new TaskPayload(path, task["~task"], init.maxPayloadBytes),
            options: mergeOptions(config.defaults, options),
            queues: config.queues,
            ...(handler === undefined ? {} : { handler }),
          },
        ];
      }),
    );
    for (const { path, options, handler } of this.tasks.values()) {
      const opened = this.backend(options.backend, `The task ${path}`);
      // Who only enqueues runs no handlers.
      if (options.transaction && handler !== undefined) transactionRunnerOf(opened, path);
    }
  }

  /** Finds a task; throws UNKNOWN_TASK with the nearest path. */
  task(path: string): EngineTask {
    const task = this.tasks.get(path);
    if (task !== undefined) return task;
    throw new TaskError({
      code: "UNKNOWN_TASK",
      message: `The router has no task "${path.slice(0, 200)}".${didYouMean(path, this.tasks.keys())}`,
      data: { path: path.slice(0, 200) },
    });
  }

  /** Finds a backend; throws INVALID_OPTION for what is no name, else UNKNOWN_BACKEND with the nearest one. */
  backend(name: string, who?: string): OpenedBackend {
    const backend = this.backends.get(name);
    if (backend !== undefined) return backend;
    const names = [...this.backends.keys()];
    if (typeof name !== "string")
      throw new TaskError({
        code: "INVALID_OPTION",
        message: `backend must be a name; got ${typeof name}. Configured: ${names.join(", ")}.`,
        data: { option: "backend" },
      });
    throw new TaskError({
      code: "UNKNOWN_BACKEND",
      message: `${who ?? "The call"} names the backend "${name.slice(0, 100)}", which is not configured.${didYouMean(name, names)} Configured: ${names.join(", ")}.`,
      data: { backend: name.slice(0, 100) },
    });
  }

  /** Opens every backend. */
  async open(): Promise<void> {
    await Promise.all([...this.backends.values()].map((backend) => backend.open()));
  }

  /** Makes {@link close} wait for something that still needs the backends, though not for ever. */
  keepOpenFor(running: Promise<void>): void {
    this.#pending.add(running);
    void running.finally(() => this.#pending.delete(running));
  }

  /** Lets what is under way end and closes every backend; all are tried, and the first failure is thrown. */
  async close(): Promise<void> {
    if (!(await endsWithin(this.host, LONGEST_DRAIN_MS, this.#drained())))
      this.logger.warn(
        {},
        "Closing although a store has not answered, or an onFailed hook has not ended, in time.",
      );
    const closed = await Promise.allSettled([...this.backends.values()].map((backend) => backend.close()));
    const failed = closed.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #drained(): Promise<void> {
    // Hooks may enqueue, so they come first.
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    await Promise.all([...this.backends.values()].map((opened) => opened.drained()));
  }
}
