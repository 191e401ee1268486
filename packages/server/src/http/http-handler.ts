import { checkOptionNames, isTaskError, TaskError } from "@taskwright/shared";
import type { Engine } from "../core/engine.ts";
import { CrossOrigin, type CrossOriginOptions } from "./cross-origin.ts";
import { answerHealth } from "./health-route.ts";
import { createGates, type Gate, type HttpAuth, type HttpPermission } from "./http-auth.ts";
import { errorResponse } from "./json-response.ts";
import { BodyRefused } from "./read-body.ts";
import { type ServerWithExecutor, TASK_ROUTES } from "./task-routes.ts";
import { createWebhookHandler, type WebhookHandler, type WebhookOptions } from "./webhook-handler.ts";

/** What {@link createHttpHandler} takes. */
export interface HttpHandlerOptions {
  /** Who may call; the webhook has signatures instead. */
  readonly auth: HttpAuth;
  /** The path that all endpoints but the webhook are below. @default "/tasks" */
  readonly basePath?: string;
  /** Answers what is below `trpc/`, such as tRPC's `fetchRequestHandler`. @default nothing is there */
  readonly trpc?: (request: Request) => Response | Promise<Response>;
  /** What `metrics` answers: `createMetrics(server)` of `@taskwright/server/metrics`. @default nothing is there */
  readonly metrics?: MetricsSource;
  /** Options of the webhook of a backend that delivers, which is at that backend's path. @default {} */
  readonly webhook?: WebhookOptions;
  /** Which web pages of other origins may call. @default none */
  readonly cors?: CrossOriginOptions;
}

/** Metrics in Prometheus' text format. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Takes a Fetch request and answers it; it never rejects. */
export type HttpHandler = (request: Request) => Promise<Response>;

interface Endpoint {
  readonly method: string;
  readonly pattern: RegExp;
  readonly permission: HttpPermission;
  readonly answer: (request: Request, id: string) => Promise<Response>;
}

const OPTIONS = ["auth", "basePath", "trpc", "metrics", "webhook", "cors"];
const RETRY_AFTER_S = "10";

function basePathOf(basePath: unknown): string {
  if (typeof basePath === "string" && /^(\/[\w\-.~]+)*\/?$/.test(basePath))
    return basePath.replace(/\/$/, "");
  throw new TaskError({
    code: "INVALID_OPTION",
    message: 'createHttpHandler(): basePath must be a path such as "/tasks", or "" for the root.',
    data: { option: "basePath" },
  });
}

/** Matches the path with and without a slash at its end, which proxies strip or add. */
function patternOf(basePath: string, path: string): RegExp {
  const names = path.split("/").map((name) => (name === ":id" ? "([^/]+)" : name.replaceAll(".", "\\.")));
  return new RegExp(`^${basePath.replaceAll(".", "\\.")}/${names.join("/")}/?$`);
}

function checkMounted(options: HttpHandlerOptions): void {
  const { trpc, metrics } = options as { readonly trpc?: unknown; readonly metrics?: Partial<MetricsSource> };
  const [option, expected] =
    trpc !== undefined && typeof trpc !== "function"
      ? ["trpc", "a function from a Request to a Response"]
      : metrics !== undefined && typeof metrics?.text !== "function"
        ? ["metrics", "what createMetrics(server) of @taskwright/server/metrics makes"]
        : [];
  if (option === undefined) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `createHttpHandler(): ${option} must be ${expected}.`,
    data: { option },
  });
}

function hasDelivery(engine: Engine): boolean {
  return [...engine.backends.values()].some(({ backend }) => backend.delivery !== undefined);
}

async function answerMetrics(metrics: MetricsSource | undefined): Promise<Response> {
  if (metrics === undefined) {
    const message = "There are no metrics: pass metrics: createMetrics(server) to createHttpHandler().";
    return errorResponse(404, { code: "NOT_FOUND", message });
  }
  return new Response(await metrics.text(), {
    headers: { "content-type": metrics.contentType, "cache-control": "no-store" },
  });
}

function endpointsOf(
  server: ServerWithExecutor,
  basePath: string,
  metrics: MetricsSource | undefined,
): readonly Endpoint[] {
  const engine = server["~engine"];
  return [
    ...TASK_ROUTES.map(({ method, path, permission, answer }) => ({
      method,
      permission,
      pattern: patternOf(basePath, path),
      answer: (request: Request, id: string) => answer(server, request, id),
    })),
    {
      method: "GET",
      permission: "health" as const,
      pattern: patternOf(basePath, "health"),
      answer: () => answerHealth(engine),
    },
    {
      method: "GET",
      permission: "metrics" as const,
      pattern: patternOf(basePath, "metrics"),
      answer: () => answerMetrics(metrics),
    },
  ];
}

class HttpEndpoints {
  readonly #engine: Engine;
  readonly #endpoints: readonly Endpoint[];
  readonly #gates: Readonly<Record<HttpPermission, Gate>>;
  readonly #crossOrigin: CrossOrigin;
  readonly #webhook: { readonly path: string; readonly handle: WebhookHandler } | null;
  readonly #trpc: {
    readonly path: string;
    readonly handle: (request: Request) => Response | Promise<Response>;
  } | null;

  constructor(server: ServerWithExecutor, options: HttpHandlerOptions) {
    const engine = server["~engine"];
    const basePath = basePathOf(options.basePath ?? "/tasks");
    this.#engine = engine;
    this.#gates = createGates(options.auth);
    this.#crossOrigin = new CrossOrigin(options.cors);
    this.#endpoints = endpointsOf(server, basePath, options.metrics);
    this.#trpc = options.trpc === undefined ? null : { path: `${basePath}/trpc/`, handle: options.trpc };
    this.#webhook = hasDelivery(engine)
      ? {
          path: this.#webhookPath(options.webhook?.backend),
          handle: createWebhookHandler(server, options.webhook),
        }
      : null;
  }

  readonly handle: HttpHandler = async (request) => {
    const preflight = this.#crossOrigin.preflight(request);
    if (preflight !== null) return preflight;
    const answer = await this.#answer(request).catch((error: unknown) => this.#failure(error));
    const isHead = request.method === "HEAD";
    if (isHead) answer.body?.cancel().catch(() => undefined);
    // A copy, as headers of some answers cannot be changed.
    const response = new Response(isHead ? null : answer.body, answer);
    this.#crossOrigin.tell(request, response.headers);
    return response;
  };

  #webhookPath(name: string | undefined): string {
    const all = [...this.#engine.backends.values()];
    const delivering = all.find(
      (opened) => opened.backend.delivery !== undefined && (name ?? opened.name) === opened.name,
    );
    return delivering?.backend.delivery?.webhookPath.replace(/\/+$/, "") ?? "";
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (this.#webhook !== null && pathname.replace(/\/+$/, "") === this.#webhook.path)
      return this.#webhook.handle(request);
    if (this.#crossOrigin.isForged(request)) {
      const message = "Pages of other origins may not call; those in the option cors may.";
      return errorResponse(403, { code: "FORBIDDEN", message });
    }
    if (this.#trpc !== null && pathname.startsWith(this.#trpc.path)) {
      const refused = await this.#refuse(request, "trpc", null);
      return refused ?? this.#trpc.handle(request);
    }
    const matching = this.#endpoints.flatMap((endpoint) => {
      const match = endpoint.pattern.exec(pathname);
      return match === null ? [] : [{ endpoint, id: match[1] ?? null }];
    });
    if (matching.length === 0)
      return errorResponse(404, { code: "NOT_FOUND", message: "There is nothing at this path." });
    const method = request.method === "HEAD" ? "GET" : request.method;
    const found = matching.find(({ endpoint }) => endpoint.method === method);
    if (found === undefined) {
      const allow = matching.map(({ endpoint }) => endpoint.method).join(", ");
      const message = `Only ${allow} is possible here.`;
      return errorResponse(405, { code: "METHOD_NOT_ALLOWED", message }, { allow });
    }
    const { endpoint, id } = found;
    const refused = await this.#refuse(request, endpoint.permission, id);
    return refused ?? endpoint.answer(request, decoded(id));
  }

  async #refuse(request: Request, permission: HttpPermission, id: string | null): Promise<Response | null> {
    const refusal = await this.#gates[permission](request, {
      permission,
      taskId: id === null ? null : decoded(id),
    });
    if (refusal === null || refusal instanceof Response) return refusal;
    const { status, message } = refusal;
    const headers = status === 401 ? { "www-authenticate": "Bearer" } : {};
    return errorResponse(status, { code: status === 401 ? "UNAUTHORIZED" : "FORBIDDEN", message }, headers);
  }

  #failure(error: unknown): Response {
    if (error instanceof BodyRefused)
      return errorResponse(error.status, { code: "INVALID_OPTION", message: error.message });
    // Also what this server or its backend is not made for: no fault, and the message says what is.
    if (isTaskError(error) && (error.httpStatus < 500 || error.httpStatus === 501))
      return errorResponse(error.httpStatus, error);
    this.#engine.logger.error({ err: error }, "A request could not be answered.");
    if (isTaskError(error) && error.retryable)
      return errorResponse(
        503,
        { code: error.code, message: "It cannot be done now; try again later." },
        { "retry-after": RETRY_AFTER_S },
      );
    return errorResponse(500, {
      code: "INTERNAL_ERROR",
      message: "It went wrong; the server's log says why.",
    });
  }
}

function decoded(id: string | null): string {
  try {
    return decodeURIComponent(id ?? "");
  } catch {
    // No id is written so, and it is then not found.
    return id ?? "";
  }
}

/**
 * Makes the HTTP endpoints of a server, as a function from a Fetch `Request` to a `Response`: `run`, `run-one`,
 * `execute/:id`, `status`, `status/:id`, `purge`, `health`, `metrics`, `trpc/`, and the webhook of a backend that delivers.
 *
 * Nothing is open by accident: without `auth` it throws INVALID_OPTION.
 */
export function createHttpHandler(server: ServerWithExecutor, options: HttpHandlerOptions): HttpHandler {
  checkOptionNames(options, "createHttpHandler()", OPTIONS);
  checkMounted(options);
  return new HttpEndpoints(server, options).handle;
}
