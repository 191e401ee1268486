import { createHash, timingSafeEqual } from "node:crypto";
import { didYouMean, TaskError } from "@taskwright/shared";

/** What a route does, for which a caller needs the permission. */
export const HTTP_PERMISSIONS = ["run", "execute", "status", "purge", "health", "metrics", "trpc"] as const;

/** One of {@link HTTP_PERMISSIONS}. */
export type HttpPermission = (typeof HTTP_PERMISSIONS)[number];

/** What a function that decides about a request is told beside it. */
export interface HttpAuthFacts {
  readonly permission: HttpPermission;
  /** The task result that the route is about; null where it is about none. */
  readonly taskId: string | null;
}

/**
 * Decides about a request: true lets it pass, false refuses it with 403, and a response is the answer.
 *
 * Whatever else it returns refuses too, so that a forgotten `return` opens nothing.
 */
export type HttpAuthFunction = (
  request: Request,
  facts: HttpAuthFacts,
) => boolean | Response | Promise<boolean | Response>;

/** Who may call: bearers of a token, whom a function lets pass, or everybody. */
export type HttpAuthRule = { readonly bearer: string | readonly string[] } | HttpAuthFunction | "none";

/** One rule for all routes, or rules by permission, of which `default` holds where none is given. */
export type HttpAuth =
  | HttpAuthRule
  | ({ readonly default: HttpAuthRule } & { readonly [P in HttpPermission]?: HttpAuthRule });

/** Lets a request pass, with null, or answers it. */
export type Gate = (request: Request, facts: HttpAuthFacts) => Promise<Refusal | Response | null>;

/** Why a request does not pass. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

const SHORTEST_TOKEN = 16;
/** What can stand in a header: visible ASCII. */
const SENDABLE = /^[\x21-\x7e]+$/;
const CHOICES =
  'Give auth: { bearer: process.env.TASKS_TOKEN }, a function of the request, rules by permission with a default, or "none" to let everybody in.';

function invalid(message: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `createHttpHandler(): ${message}`,
    data: { option: "auth" },
  });
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Lets bearers of any of the tokens pass; every token is compared, each in a time that tells nothing of it. */
function bearerGate(bearer: unknown): Gate {
  const tokens: unknown[] = Array.isArray(bearer) ? bearer : [bearer];
  if (
    tokens.length === 0 ||
    !tokens.every(
      (token) => typeof token === "string" && token.length >= SHORTEST_TOKEN && SENDABLE.test(token),
    )
  )
    throw invalid(
      `auth.bearer must be a token of at least ${SHORTEST_TOKEN} characters without spaces, or an array of them. Is the variable set that it is read from?`,
    );
  const hashes = (tokens as string[]).map(hashOf);
  return async (request) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (given === undefined) return { status: 401, message: "A bearer token is needed." };
    const hash = hashOf(given);
    const matches = hashes.filter((known) => timingSafeEqual(known, hash));
    return matches.length > 0
      ? null
      : { status: 403, message: "The bearer token is wrong, or no longer valid." };
  };
}

/** Not by `instanceof`: servers of frameworks put a Response of their own in the place of Node's. */
function isResponse(decision: unknown): decision is Response {
  return typeof decision === "object" && decision !== null && "status" in decision && "clone" in decision;
}

function functionGate(decide: HttpAuthFunction): Gate {
  return async (request, facts) => {
    const decision: unknown = await decide(request, facts);
    if (decision === true) return null;
    // One that the function returns again and again could be sent only once.
    if (isResponse(decision)) return decision.clone();
    return { status: 403, message: "This is not allowed." };
  };
}

function isRule(auth: unknown): auth is HttpAuthRule {
  return (
    auth === "none" ||
    typeof auth === "function" ||
    (typeof auth === "object" && auth !== null && "bearer" in auth)
  );
}

function ruleGate(rule: unknown): Gate {
  if (rule === "none") return async () => null;
  if (typeof rule === "function") return functionGate(rule as HttpAuthFunction);
  if (isRule(rule)) {
    const { bearer, ...others } = rule as { readonly bearer: unknown };
    const [other] = Object.keys(others);
    if (other === undefined) return bearerGate(bearer);
    throw invalid(
      `auth has "${other.slice(0, 40)}" beside bearer. Rules by permission are { default: { bearer }, health: "none" }.`,
    );
  }
  throw invalid(`a rule of auth is ${rule === null ? "null" : typeof rule}. ${CHOICES}`);
}

/** Makes the gate of each permission; throws INVALID_OPTION, without auth too: nothing is open by accident. */
export function createGates(auth: unknown): Readonly<Record<HttpPermission, Gate>> {
  if (auth === undefined) throw invalid(`auth is missing. ${CHOICES}`);
  const rules: Record<string, unknown> = isRule(auth)
    ? { default: auth }
    : typeof auth === "object" && auth !== null
      ? { ...auth }
      : { default: auth };
  if (!("default" in rules)) throw invalid(`auth has no default. ${CHOICES}`);
  for (const name of Object.keys(rules)) {
    if (name !== "default" && !HTTP_PERMISSIONS.includes(name as HttpPermission))
      throw invalid(
        `auth has no permission "${name.slice(0, 40)}".${didYouMean(name, HTTP_PERMISSIONS)} There are: ${HTTP_PERMISSIONS.join(", ")}.`,
      );
  }
  const gates = HTTP_PERMISSIONS.map((permission) => [
    permission,
    ruleGate(rules[permission] ?? rules.default),
  ]);
  return Object.fromEntries(gates) as Record<HttpPermission, Gate>;
}
