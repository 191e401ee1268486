import {
  type AnyRouter,
  type CarriedAsJson,
  checkOptionNames,
  type Duration,
  durationToMs,
  type TaskClient,
  TaskError,
  type TaskTransport,
  taskClient,
} from "@taskwright/shared";
import { clientCaller } from "./client-caller.ts";
import { prefixOf } from "./router-path.ts";
import type { ClientHeaders, ClientLink, ClientTransformer } from "./server-address.ts";
import type { TrpcCaller } from "./trpc-caller.ts";
import { TrpcTransport } from "./trpc-transport.ts";
import { urlCaller } from "./url-caller.ts";

/** What {@link createTaskClient} takes where you carry the calls yourself. */
export interface ClientOptions {
  /** Carries the calls to a server. */
  readonly transport: TaskTransport;
}

/** How patient a client over tRPC is. */
export interface CallLimitOptions {
  /** How long one try of a call may take; waits and progress take as long as they need. @default "30s" */
  readonly timeout?: Duration;
  /** How often a call that got no answer is made again, 0 to 10; nothing is enqueued twice by that. @default 2 */
  readonly retries?: number;
}

/** What {@link createTaskClient} takes to call the tRPC server at a URL. */
export interface UrlClientOptions extends CallLimitOptions {
  /** Where the tRPC server is, such as `/api/trpc` or `https://api.example.com/trpc`. */
  readonly url: string;
  /** Where in its router the one of `createTaskRouter()` hangs, as `"background"` or `"internal.jobs"`. @default "", the root */
  readonly path?: string;
  /** Headers of each request, or what makes them. */
  readonly headers?: ClientHeaders;
  /** What requests are made by. @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** What calls go through before they are sent, such as `loggerLink()`; subscriptions do not. */
  readonly links?: readonly ClientLink[];
  /** That of the server's `initTRPC.create({ transformer })`. @default plain JSON */
  readonly transformer?: ClientTransformer;
}

/**
 * A tRPC client of the server's, or the part of it where the router of tasks hangs, as `trpc.background`.
 *
 * `TTime` is `Date` where tRPC has a transformer, and `string` where it has none.
 */
export interface TaskTrpcClient<TTime extends Date | string> {
  readonly results: {
    readonly get: {
      readonly query: (input: { readonly id: string }) => PromiseLike<{ readonly enqueuedAt: TTime }>;
    };
  };
}

/** What {@link createTaskClient} takes to call by a tRPC client that is there already. */
export interface TrpcClientOptions<TTime extends Date | string> extends CallLimitOptions {
  readonly trpc: TaskTrpcClient<TTime>;
  readonly path?: "give trpc as the part where the router of tasks hangs, such as trpc.background";
}

/** Timers cannot take much longer, and fire at once instead. */
const LONGEST_TIMEOUT_MS = 86_400_000;
const FORMS = ["transport", "url", "trpc"] as const;
const LIMITS = ["timeout", "retries"];
const NAMES: Readonly<Record<(typeof FORMS)[number], readonly string[]>> = {
  transport: ["transport"],
  url: ["url", "path", "headers", "fetch", "links", "transformer", ...LIMITS],
  trpc: ["trpc", ...LIMITS],
};
const ALL_NAMES = [...new Set(Object.values(NAMES).flat())];

const ELSEWHERE =
  "createTaskClient() of @taskwright/client takes { url }, { trpc } or { transport }; to enqueue into a backend, use createTaskClient(tasks, { backend }) of @taskwright/server.";

function isMeantForServer(words: readonly unknown[]): boolean {
  return words.some(
    (word) =>
      typeof word === "object" &&
      word !== null &&
      ["~router", "backend", "backends"].some((name) => name in word),
  );
}

function invalid(option: string, message: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `createTaskClient() ${message}`,
    data: { option },
  });
}

function limitsOf({ timeout = "30s", retries = 2 }: CallLimitOptions) {
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 10))
    throw invalid("retries", "takes retries as an integer from 0 to 10.");
  return { timeoutMs: Math.min(durationToMs(timeout, "timeout"), LONGEST_TIMEOUT_MS), retries };
}

function callerAt(options: UrlClientOptions): TrpcCaller {
  const { url, headers, fetch, links = [], transformer } = options;
  if (typeof url !== "string" || url === "")
    throw invalid("url", 'takes url as a non-empty string, such as "/api/trpc".');
  const connectMs = limitsOf(options).timeoutMs;
  return urlCaller({
    url,
    prefix: prefixOf(options.path, "createTaskClient()"),
    headers,
    fetch,
    links,
    transformer,
    connectMs,
  });
}

function callerBy(trpc: unknown): TrpcCaller {
  if ((typeof trpc === "object" && trpc !== null) || typeof trpc === "function") return clientCaller(trpc);
  throw invalid("trpc", "takes trpc as a tRPC client, such as createTRPCClient() makes, or a part of one.");
}

function transportOf(options: object): TaskTransport {
  const form = FORMS.find((name) => name in options);
  if (form !== undefined) checkOptionNames(options, `createTaskClient({ ${form} })`, NAMES[form]);
  if (form === "url") {
    const given = options as UrlClientOptions;
    return new TrpcTransport(callerAt(given), limitsOf(given));
  }
  if (form === "trpc") {
    const given = options as TrpcClientOptions<string>;
    return new TrpcTransport(callerBy(given.trpc), limitsOf(given));
  }
  const { transport } = options as Partial<ClientOptions>;
  if (typeof transport?.enqueue === "function") return transport;
  throw form === undefined
    ? invalid("url", "needs a url, a trpc or a transport.")
    : invalid("transport", "needs a transport: an object of functions, of the type TaskTransport.");
}

/** Not here: that client is the one of `@taskwright/server`. */
export function createTaskClient(
  tasks: AnyRouter,
  options: "createTaskClient(tasks, { backend }) is in @taskwright/server; here it takes { url }, { trpc } or { transport }",
): never;
/** Makes the typed client of a router, of which it needs the type only: `createTaskClient<typeof tasks>({ url })`. */
export function createTaskClient<TRouter extends AnyRouter>(options: ClientOptions): TaskClient<TRouter>;
export function createTaskClient<TRouter extends AnyRouter>(
  options: TrpcClientOptions<Date> | (UrlClientOptions & { readonly transformer: ClientTransformer }),
): TaskClient<TRouter>;
/** Without a transformer, an output that needs decoding comes as it is stored. */
export function createTaskClient<TRouter extends AnyRouter>(
  options: (TrpcClientOptions<string> | (UrlClientOptions & { readonly transformer?: never })) &
    CarriedAsJson<
      TRouter,
      "the contract has a transformer: give tRPC one, and here the same, as in { url, transformer: superjson }"
    >,
): TaskClient<TRouter, "encoded">;
export function createTaskClient(...words: readonly unknown[]): unknown {
  if (isMeantForServer(words)) throw new TaskError({ code: "INVALID_OPTION", message: ELSEWHERE });
  const [options] = words;
  checkOptionNames(options, "createTaskClient()", ALL_NAMES);
  return taskClient(transportOf(options as object));
}
