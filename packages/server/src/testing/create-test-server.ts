import {
  type AnyRouter,
  checkOptionNames,
  type TaskPath,
  type TaskResult,
  tasksByPath,
} from "@taskwright/shared";
import { backendOfState } from "../backends/memory/backend-of-state.ts";
import { createMemoryState, type MemoryState } from "../backends/memory/memory-state.ts";
import type { InputAt } from "../core/schedule-options.ts";
import {
  createTaskServer,
  type HandlersFor,
  type OnlyPath,
  type ServerOptions,
  type TaskServer,
} from "../create-task-server.ts";
import { type DrainOptions, drain } from "./drain.ts";
import { type EnqueuedTaskOf, enqueuedTask, storedRecords } from "./enqueued-task.ts";
import type { Fault } from "./fault.ts";
import { FaultScript, type Faults } from "./fault-script.ts";
import { HeldHost } from "./held-host.ts";
import { matchesPartly, type PartialInput } from "./partial-match.ts";
import { ScheduleTicks } from "./schedule-ticks.ts";
import { readTime, type TestClock, testClock } from "./test-clock.ts";
import { faultyBackend } from "./with-faults.ts";

/** What {@link createTestServer} takes beside handlers. */
export interface TestServerOptions<TRouter extends AnyRouter, TContext>
  extends Omit<ServerOptions<TRouter, TContext>, "host"> {
  /** What the clock shows at first. @default this machine's time */
  readonly now?: Date | string;
  /** What is to go wrong; `server.faults.inject()` adds to it. */
  readonly faults?: readonly Fault[];
}

/** A server in memory whose clock a test moves. */
export interface TestServer<TRouter extends AnyRouter> extends TaskServer<TRouter> {
  readonly clock: TestClock;
  /** What goes wrong. */
  readonly faults: Faults;
  /**
   * What was enqueued, oldest first, whatever has become of it since; ticks of schedules are among it, and what was
   * deduplicated is not.
   *
   * @param task only those of the task with this path; throws UNKNOWN_TASK
   * @param input only those whose input has at least these properties, with these values
   */
  enqueued<TPath extends TaskPath<TRouter> = TaskPath<TRouter>>(
    task?: TPath,
    input?: PartialInput<InputAt<TRouter, TPath>>,
  ): readonly EnqueuedTaskOf<TRouter, TPath>[];
  /**
   * Runs what is due, in its order and one at a time, with what that enqueues, and resolves to the result of each task that
   * ran, by the end of its last attempt.
   *
   * Without options the clock stands still. Where it moves, all that falls due meanwhile runs as well, at its time.
   */
  drain(options?: DrainOptions): Promise<readonly TaskResult[]>;
}

const OPTIONS = [
  "tasks",
  "handlers",
  "only",
  "createContext",
  "onFailed",
  "logger",
  "tracing",
  "maxPayloadBytes",
  "now",
  "faults",
];

/** The names of all backends that a contract's tasks are for. */
function backendNames(router: AnyRouter): ReadonlySet<string> {
  const names = [...tasksByPath(router).values()].map(
    ({ "~task": { config, options } }) => options.backend ?? config.defaults.backend,
  );
  return new Set(["default", ...names]);
}

/**
 * Makes a server for tests: it keeps task results in memory, runs them when it is told to, and has a clock of its own.
 *
 * Each backend that the contract names is such a memory. Without a `logger` it is silent.
 */
export function createTestServer<
  TRouter extends AnyRouter,
  TContext extends object = object,
  const TOnly extends OnlyPath<TRouter> = never,
>(
  options: TestServerOptions<TRouter, TContext> & {
    /** One for each task, nested as the router is. */
    readonly handlers: HandlersFor<TRouter, TContext, TOnly>;
    /** Run only these tasks and routers, by path. @default all */
    readonly only?: readonly TOnly[];
  },
): TestServer<TRouter> {
  checkOptionNames(options, "createTestServer()", OPTIONS);
  const { now, faults = [], ...rest } = options;
  const host = new HeldHost(now === undefined ? Date.now() : readTime(now, "now"));
  const script = new FaultScript(faults);
  const states = new Map<string, MemoryState>();
  for (const name of backendNames(options.tasks)) states.set(name, createMemoryState());
  const backends = Object.fromEntries(
    [...states].map(([name, state]) => [name, faultyBackend(backendOfState(state), script, host)]),
  );
  const server = createTaskServer<TRouter, TContext, TOnly>({
    logger: false,
    ...(rest as Omit<typeof options, "now" | "faults">),
    backends: backends as { readonly default: (typeof backends)[string] },
    host,
  });
  const engine = server["~engine"];
  const ticks = new ScheduleTicks(engine, host);
  const close = async () => {
    ticks.stop();
    await server.close();
  };
  return {
    ...server,
    clock: testClock(host),
    faults: script,
    enqueued: (path, input) => {
      if (path !== undefined) engine.task(path);
      const found = [...states].flatMap(([name, state]) =>
        storedRecords(state)
          .filter((record) => path === undefined || record.path === path)
          .map((record) =>
            enqueuedTask(
              record,
              name,
              engine.task(record.path).payload.readInput(record.input, record.codec),
            ),
          ),
      );
      return found
        .filter((task) => input === undefined || matchesPartly(task.input, input))
        .sort((left, right) => left.enqueuedAt.getTime() - right.enqueuedAt.getTime()) as never;
    },
    drain: (drainOptions) =>
      drain({ engine, executor: server.executor, host, states: [...states.values()] }, drainOptions),
    close,
    [Symbol.asyncDispose]: close,
  };
}
