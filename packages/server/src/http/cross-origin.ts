import { checkOptionNames, TaskError } from "@taskwright/shared";

/** Which web pages of other origins may call. */
export interface CrossOriginOptions {
  /** Such as "https://example.com"; "*" for all. */
  readonly origin: string | readonly string[];
  /** Whether browsers send these pages' calls with cookies; not possible for all. @default false */
  readonly credentials?: boolean;
}

const PREFLIGHT_SECONDS = 600;
const READING_METHODS = ["GET", "HEAD", "OPTIONS"];

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option: "cors" } });
}

function isOrigin(given: unknown): given is string {
  if (given === "*") return true;
  return typeof given === "string" && URL.canParse(given) && new URL(given).origin === given;
}

/** Knows which pages of other origins may call, and tells browsers. */
export class CrossOrigin {
  readonly #origins: readonly string[];
  readonly #credentials: boolean;

  /** Throws INVALID_OPTION for what is no origin. */
  constructor(options: CrossOriginOptions | undefined) {
    if (options !== undefined) checkOptionNames(options, "cors", ["origin", "credentials"]);
    const { origin, credentials = false } = options ?? { origin: [] };
    const origins: unknown[] = [origin].flat();
    if (!origins.every(isOrigin))
      throw invalid(
        'cors.origin must be an origin such as "https://example.com", without a path or slash at its end, an array of them, or "*".',
      );
    if (credentials && origins.includes("*"))
      throw invalid('cors.credentials needs origins by name: with "*" every page could act as your users.');
    this.#origins = origins;
    this.#credentials = credentials;
  }

  /**
   * Whether it is a page of another origin that makes a browser change something, and none that may.
   *
   * Browsers send a form, or text, to anybody and with cookies, without asking first; a bearer token they add by themselves
   * to nothing.
   */
  isForged({ method, headers }: Request): boolean {
    if (READING_METHODS.includes(method) || /^Bearer /i.test(headers.get("authorization") ?? ""))
      return false;
    const site = headers.get("sec-fetch-site");
    if (site !== "cross-site" && site !== "same-site") return false;
    return !this.#allows(headers.get("origin"));
  }

  /** Adds to an answer what tells browsers who may read it. */
  tell(request: Request, answer: Headers): void {
    if (this.#origins.length === 0) return;
    const origin = request.headers.get("origin");
    if (!this.#origins.includes("*")) answer.append("vary", "origin");
    if (origin === null || !this.#allows(origin)) return;
    answer.set("access-control-allow-origin", this.#origins.includes("*") ? "*" : origin);
    answer.set("access-control-expose-headers", "retry-after");
    if (this.#credentials) answer.set("access-control-allow-credentials", "true");
  }

  /** The answer to a browser that asks before it calls; null where that is no such question, or nobody may call. */
  preflight(request: Request): Response | null {
    const asked = request.headers.get("access-control-request-method");
    if (request.method !== "OPTIONS" || asked === null || this.#origins.length === 0) return null;
    const response = new Response(null, { status: 204 });
    this.tell(request, response.headers);
    if (!this.#allows(request.headers.get("origin"))) return response;
    // What tRPC's links send differs by link, and none of it lets anybody in.
    const names = request.headers.get("access-control-request-headers") ?? "authorization, content-type";
    response.headers.set("access-control-allow-methods", "GET, POST");
    response.headers.set("access-control-allow-headers", names);
    response.headers.set("access-control-max-age", String(PREFLIGHT_SECONDS));
    response.headers.append("vary", "access-control-request-headers");
    return response;
  }

  #allows(origin: string | null): boolean {
    return this.#origins.includes("*") || (origin !== null && this.#origins.includes(origin));
  }
}
