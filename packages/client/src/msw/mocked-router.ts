import { RESERVED_NAMES } from "@taskwright/shared";
import { type AnyTRPCRouter, initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { ClientTransformer } from "../server-address.ts";
import type { MockedEnqueues, TakeAnswer } from "./mocked-enqueues.ts";
import type { MockedResults } from "./mocked-results.ts";
import type { EnqueueMethod } from "./mocked-task.ts";
import { toTrpcError, withTaskError } from "./trpc-refusal.ts";

/** What the answers are made of. */
export interface RouterParts {
  /** What stands before the names of procedures, with a dot at its end; empty at the root. */
  readonly prefix: string;
  readonly transformer: ClientTransformer | undefined;
  /** The tasks there are; null for any. */
  readonly paths: readonly string[] | null;
  readonly enqueues: MockedEnqueues;
  readonly results: MockedResults;
}

const OF_TASK = /^tasks\.(.+)\.(delay|applyAsync|enqueue|enqueueMany)$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

interface Context {
  readonly take: TakeAnswer;
}

async function answered<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    throw toTrpcError(error);
  }
}

interface Branch {
  [name: string]: unknown;
}

function put(root: Branch, path: string, leaf: unknown): void {
  const names = path.split(".");
  let branch = root;
  for (const name of names.slice(0, -1)) {
    branch[name] ??= {};
    branch = branch[name] as Branch;
  }
  branch[names.at(-1) as string] = leaf;
}

/** Answers requests by tRPC itself, each by a router of the procedures that it names: no contract is needed for that. */
export class MockedRouter {
  readonly #parts: RouterParts;
  readonly #t;

  constructor(parts: RouterParts) {
    const { prefix, paths, transformer } = parts;
    this.#parts = parts;
    this.#t = initTRPC.context<Context>().create({
      ...(transformer && { transformer }),
      allowOutsideOfServer: true,
      isDev: false,
      errorFormatter: (call) => withTaskError(call, { prefix, paths }),
    });
  }

  /** @param endpoint the path of the tRPC server's URL */
  answer(
    request: Request,
    call: { readonly endpoint: string; readonly procedures: readonly string[]; readonly take: TakeAnswer },
  ): Promise<Response> {
    const { prefix } = this.#parts;
    const record: Branch = {};
    for (const procedure of new Set(call.procedures)) {
      if (!procedure.startsWith(prefix)) continue;
      const made = this.#procedure(procedure.slice(prefix.length));
      if (made !== undefined) put(record, procedure, made);
    }
    return fetchRequestHandler({
      endpoint: call.endpoint,
      req: request,
      router: this.#t.router(record as never) as unknown as AnyTRPCRouter,
      createContext: () => ({ take: call.take }),
    });
  }

  #procedure(name: string): unknown {
    const { results } = this.#parts;
    const procedure = this.#t.procedure.input((value: unknown) => value);
    switch (name) {
      case "results.get":
        return procedure.query(({ input }) => answered(() => results.get(input)));
      case "results.wait":
        return procedure.query(({ input, signal }) => answered(() => results.wait(input, signal)));
      case "results.cancel":
        return procedure.mutation(({ input }) => answered(() => results.cancel(input)));
      case "results.progress":
        return procedure.subscription(async function* ({ input, signal }) {
          try {
            yield* results.progress(input, signal);
          } catch (error) {
            throw toTrpcError(error);
          }
        });
      default:
        return this.#procedureOfTask(name);
    }
  }

  #procedureOfTask(name: string): unknown {
    const { enqueues, paths } = this.#parts;
    const [, path = "", method] = OF_TASK.exec(name) ?? [];
    if (!(paths === null ? isTaskPath(path) : paths.includes(path))) return undefined;
    return this.#t.procedure
      .input((value: unknown) => value)
      .mutation(({ input, ctx: { take } }) =>
        answered<unknown>(() => {
          switch (method as EnqueueMethod) {
            case "delay":
              return enqueues.delay(path, input, take);
            case "enqueueMany":
              return enqueues.enqueueMany(path, input, take);
            default:
              return enqueues.enqueue(path, method as "applyAsync" | "enqueue", input, take);
          }
        }),
      );
  }
}

/** Whether a task could have this path. */
function isTaskPath(path: string): boolean {
  return path.split(".").every((name) => NAME.test(name) && !RESERVED_NAMES.has(name));
}
