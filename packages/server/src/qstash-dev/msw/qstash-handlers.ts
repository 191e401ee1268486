import { type Duration, TaskError } from "@taskwright/shared";
import { type HttpHandler, http } from "msw";
import type { Deliver } from "../engine/courier.ts";
import { DEV_KEYS, type SigningKeys } from "../engine/dev-credentials.ts";
import { QstashEngine } from "../engine/engine.ts";
import { HeldClock } from "../engine/held-clock.ts";
import { type QstashLimits, resolveLimits } from "../engine/limits.ts";
import { answerRequest } from "../routes/answer-request.ts";
import { type ControlledQstash, controlledQstash } from "./controlled-qstash.ts";

/** Options of {@link qstashHandlers}. */
export interface QstashHandlersOptions {
  /** Where clients look for QStash; default `https://qstash.upstash.io`. */
  readonly baseUrl?: string;
  /** The token that clients must send; any by default. */
  readonly token?: string;
  /** Default: those that the SDK has built in for development. */
  readonly keys?: SigningKeys;
  readonly limits?: Partial<QstashLimits>;
  /** When the held clock begins; now by default. */
  readonly clock?: Date;
  /** Makes deliveries; default the global `fetch`, which other handlers of msw answer. */
  readonly deliver?: (request: Request) => Response | Promise<Response>;
  /** How long, in real time, `settle` and `advance` wait for endpoints; default `5s`. */
  readonly patience?: Duration;
}

/** What {@link qstashHandlers} makes. */
export interface QstashHandlers {
  /** For `setupServer(...handlers)`. */
  readonly handlers: readonly HttpHandler[];
  readonly qstash: ControlledQstash;
}

function basePattern(base: string): RegExp {
  return new RegExp(`^${base.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}/v2/`);
}

/**
 * Makes handlers of msw behind which a whole QStash is: what is published to it is signed and delivered, retried and
 * given up, on a clock that the test moves.
 *
 * Signatures carry the machine's time, as receivers check them by that.
 */
export function qstashHandlers(options: QstashHandlersOptions = {}): QstashHandlers {
  const { baseUrl = "https://qstash.upstash.io", token = null, keys = DEV_KEYS, patience = "5s" } = options;
  const { clock: start = new Date() } = options;
  if (!URL.canParse(baseUrl) || !/^https?:/.test(baseUrl)) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "baseUrl of qstashHandlers must be a URL that begins with http:// or https://.",
      data: { option: "baseUrl" },
    });
  }
  if (!(start instanceof Date) || Number.isNaN(start.getTime())) {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "clock of qstashHandlers must be a valid Date.",
      data: { option: "clock" },
    });
  }
  // Looked up at each delivery: msw replaces it when its server begins to listen.
  const deliver: Deliver = options.deliver ?? ((request) => fetch(request));
  const clock = new HeldClock(start.getTime());
  const engine = new QstashEngine({
    token,
    keys,
    clock,
    deliver,
    signingTime: () => Date.now(),
    // Memory has no faults, so this one is ours; it must not pass unseen in a test.
    onFault: (error) => {
      throw error;
    },
    limits: resolveLimits(options.limits),
  });
  const base = baseUrl.replace(/\/+$/, "");
  const handler = http.all(basePattern(base), ({ request }) =>
    answerRequest(engine, request, { target: request.url.slice(base.length) }),
  );
  return { handlers: [handler], qstash: controlledQstash(engine, clock, patience) };
}
