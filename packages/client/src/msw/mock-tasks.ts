import {
  type AnyRouter,
  type AnyTask,
  type CarriedAsJson,
  checkOptionNames,
  type Duration,
  didYouMean,
  type OutputForm,
  pathProxy,
  TaskError,
} from "@taskwright/shared";
import { type HttpHandler, http } from "msw";
import { prefixOf } from "../router-path.ts";
import type { ClientTransformer } from "../server-address.ts";
import { type MockedAnswer, type MockedCall, MockedEnqueues } from "./mocked-enqueues.ts";
import { type KnownTasks, knownTasks } from "./mocked-payloads.ts";
import { MockedResults } from "./mocked-results.ts";
import { MockedRouter } from "./mocked-router.ts";
import type { MockedOptionName, MockedTask } from "./mocked-task.ts";
import { RequestAnswers } from "./request-answers.ts";
import { ProcedureUrl } from "./requested-procedures.ts";
import { TaskStore } from "./task-store.ts";
import { isBelow } from "./trpc-refusal.ts";

/** What {@link mockTasks} takes. */
export interface MockTasksOptions<TRouter extends AnyRouter = AnyRouter> {
  /** The `url` of the frontend's client; a mere path, such as `/api/trpc`, is that of any host. */
  readonly url: string;
  /** Where in its router the one of the tasks hangs, as the client has it. @default "", the root */
  readonly path?: string;
  /** The contract; with it, inputs, outputs and names of tasks are checked as by a server. @default nothing is checked */
  readonly tasks?: TRouter;
  /** Which options the frontend may set, as the server's router has it. @default ["countdown", "eta"] */
  readonly allowOptions?: readonly MockedOptionName[];
  /** That of the frontend's client. @default plain JSON */
  readonly transformer?: ClientTransformer;
}

/** How long a test waits for what the frontend enqueues. */
export interface NextEnqueuedOptions {
  /** @default "5s" */
  readonly timeout?: Duration;
}

/** How long a function of a test holds. */
export interface MockedAnswerOptions {
  /** For the next input only. @default false */
  readonly once?: boolean;
}

/**
 * Makes a handler of msw that says what happens when the task is enqueued, by whichever procedure: one call of the function
 * per input.
 *
 * A function that returns leaves the task as it has driven it, READY when it has not; one that throws refuses it.
 */
export type MockEnqueue<TPath extends string, TInput, TOutput> = (
  answer: (call: MockedCall<TPath, TInput, TOutput>) => void | Promise<void>,
  options?: MockedAnswerOptions,
) => HttpHandler;

/** What a test says about one task, and sees of it. */
export interface TaskMock<TPath extends string, TInput, TOutput> {
  readonly delay: MockEnqueue<TPath, TInput, TOutput>;
  /** The same as `delay`. */
  readonly applyAsync: MockEnqueue<TPath, TInput, TOutput>;
  /** The same as `delay`. */
  readonly enqueue: MockEnqueue<TPath, TInput, TOutput>;
  /** The same as `delay`. */
  readonly enqueueMany: MockEnqueue<TPath, TInput, TOutput>;
  /** What was enqueued so far, in its order. */
  readonly enqueued: readonly MockedTask<TPath, TInput, TOutput>[];
  /**
   * Gives each that is enqueued once, in order, and waits for the next where all were given.
   *
   * Rejects with RESULT_TIMEOUT when none came in time, and with ABORTED when all is reset.
   */
  nextEnqueued(options?: NextEnqueuedOptions): Promise<MockedTask<TPath, TInput, TOutput>>;
}

/** What a router cannot give a task inside of it as a name, or it would not be found there. */
type Taken = "enqueued" | "nextEnqueued";

/** One {@link TaskMock} per task of a record, nested as that is. */
export type TaskMocksOf<TRecord, TForm extends OutputForm, TParent extends string = "", TTaken = never> = {
  readonly [K in keyof TRecord & string as Exclude<K, TTaken>]: TRecord[K] extends {
    readonly "~router": infer TInner;
  }
    ? TaskMocksOf<TInner, TForm, `${TParent}${K}.`, Taken>
    : TRecord[K] extends AnyTask
      ? TaskMock<`${TParent}${K}`, TRecord[K]["~types"]["input"], TRecord[K]["~types"][TForm]>
      : never;
};

/** The {@link MockedTask} of each task of a record. */
export type MockedTaskOf<TRecord, TForm extends OutputForm, TParent extends string = ""> = {
  [K in keyof TRecord & string]: TRecord[K] extends { readonly "~router": infer TInner }
    ? MockedTaskOf<TInner, TForm, `${TParent}${K}.`>
    : TRecord[K] extends AnyTask
      ? MockedTask<`${TParent}${K}`, TRecord[K]["~types"]["input"], TRecord[K]["~types"][TForm]>
      : never;
}[keyof TRecord & string];

/** A tRPC server of tasks, mocked. */
export interface TaskMocks<TRouter extends AnyRouter, TForm extends OutputForm = "encoded"> {
  /** For `setupServer(...handlers)` or `setupWorker(...handlers)`; what `tasks.….delay()` makes has to stand before them. */
  readonly handlers: readonly HttpHandler[];
  readonly tasks: TaskMocksOf<TRouter["~router"], TForm>;
  /** All that was enqueued so far, in its order; `path` tells of which task each is. */
  readonly enqueued: readonly MockedTaskOf<TRouter["~router"], TForm>[];
  /** Forgets all that was enqueued, for the next test; waits and progress of the frontend end with RESULT_NOT_FOUND. */
  reset(): void;
}

const OPTIONS = ["url", "path", "tasks", "allowOptions", "transformer"];
const ALLOWED_BY_DEFAULT: readonly MockedOptionName[] = ["countdown", "eta"];

/** Throws UNKNOWN_TASK for a name that the contract does not have; `isRouter` lets those of routers pass. */
function checkPath({ paths }: KnownTasks, path: string, isRouterLetPass = false): void {
  if (paths === null || paths.includes(path)) return;
  if (isRouterLetPass && paths.some((other) => other.startsWith(`${path}.`))) return;
  const message = `The contract has no task "${path.slice(0, 200)}".${didYouMean(path, paths)}`;
  throw new TaskError({ code: "UNKNOWN_TASK", message, data: { path: path.slice(0, 200) } });
}

function checkedAllowed(allowed: unknown = ALLOWED_BY_DEFAULT): readonly string[] {
  if (Array.isArray(allowed) && allowed.every((name) => typeof name === "string")) return allowed;
  const message = 'mockTasks() takes allowOptions as an array of names, such as ["countdown", "priority"].';
  throw new TaskError({ code: "INVALID_OPTION", message, data: { option: "allowOptions" } });
}

/**
 * Mocks the tRPC router of tasks for a frontend's tests, by msw, in Node and in a browser.
 *
 * What the frontend enqueues is kept in memory, where the test drives it.
 */
export function mockTasks<TRouter extends AnyRouter>(
  options: MockTasksOptions<TRouter> & { readonly transformer: ClientTransformer },
): TaskMocks<TRouter, "output">;
/** Without a transformer, an output that needs decoding is given as it is stored. */
export function mockTasks<TRouter extends AnyRouter>(
  options: MockTasksOptions<TRouter> & { readonly transformer?: never } & CarriedAsJson<
      TRouter,
      "the contract has a transformer: give mockTasks() that of tRPC, as in { url, transformer: superjson }"
    >,
): TaskMocks<TRouter>;
export function mockTasks(options: MockTasksOptions): unknown {
  checkOptionNames(options, "mockTasks()", OPTIONS);
  const { transformer } = options;
  const url = new ProcedureUrl(options.url);
  const prefix = prefixOf(options.path, "mockTasks()");
  const allowed = checkedAllowed(options.allowOptions);
  const known = knownTasks(options.tasks, transformer);
  const store = new TaskStore();
  const enqueues = new MockedEnqueues(store, known, allowed);
  const results = new MockedResults(store, allowed);
  const router = new MockedRouter({ prefix, transformer, paths: known.paths, enqueues, results });
  const answers = new RequestAnswers();

  const base = http.all(
    ({ request }) => url.proceduresOf(request).some((procedure) => isBelow(procedure, prefix)),
    ({ request }) =>
      router.answer(request, {
        endpoint: url.endpoint,
        procedures: url.proceduresOf(request),
        take: answers.takerFor(request),
      }),
  );

  const mockEnqueue =
    (path: string) =>
    (answer: MockedAnswer, more: MockedAnswerOptions = {}) => {
      checkPath(known, path);
      checkOptionNames(more, "The mock of a task", ["once"]);
      if (typeof answer !== "function") {
        const message = `The mock of ${path} takes a function, which is called for each input that is enqueued.`;
        throw new TaskError({ code: "INVALID_OPTION", message });
      }
      const names = ["delay", "applyAsync", "enqueue", "enqueueMany"].map(
        (name) => `${prefix}tasks.${path}.${name}`,
      );
      // Not msw's own `once`: that counts requests which ask for an answer, and this one inputs which were answered.
      const noted = { path, answer, once: more.once === true, isUsed: false };
      return http.all(
        ({ request }) =>
          !noted.isUsed && url.proceduresOf(request).some((procedure) => names.includes(procedure)),
        // It gives no answer, so msw asks the handlers after it, and the last of them answers for all.
        ({ request }) => answers.note(request, noted),
      );
    };

  const leaf = (path: string) => {
    const made = mockEnqueue(path);
    return {
      delay: made,
      applyAsync: made,
      enqueue: made,
      enqueueMany: made,
      get enqueued() {
        // Who prints a router must not be told that it is no task.
        checkPath(known, path, true);
        return store.of(path);
      },
      nextEnqueued: async (more: NextEnqueuedOptions = {}) => {
        checkPath(known, path);
        checkOptionNames(more, "nextEnqueued()", ["timeout"]);
        return store.next(path, more.timeout);
      },
    };
  };

  return Object.freeze({
    handlers: Object.freeze([base]),
    tasks: pathProxy(leaf),
    get enqueued() {
      return store.all;
    },
    reset: () => {
      enqueues.reset();
      store.reset();
    },
  });
}
