import { SignatureError, type SignatureErrorData, type SignatureFault } from "@taskwright/shared";
import { Receiver } from "@upstash/qstash";
import type { WebhookCall } from "../../backend/index.ts";
import type { ResolvedQstashOptions } from "./options.ts";

/** The claims of a signature that its checks go by. */
interface Claims {
  readonly iss: unknown;
  readonly sub: unknown;
  readonly exp: unknown;
  readonly nbf: unknown;
  readonly jti: unknown;
  readonly body: unknown;
}

const LONGEST_SIGNATURE = 8_192;
/** How many signatures are remembered until they expire, so that none is taken twice by this process. */
const MOST_REMEMBERED = 100_000;

const MENDS: Readonly<Record<SignatureFault, string>> = {
  missing: "it has no Upstash-Signature header; only QStash may call this URL",
  malformed: "its Upstash-Signature is no JWT as QStash makes it (HS256, with exp, sub and body)",
  expired: "its signature has expired; check this machine's clock",
  "not-yet-valid": "its signature is not valid yet; check this machine's clock",
  "wrong-key":
    "it is signed with neither the current nor the next signing key; check QSTASH_CURRENT_SIGNING_KEY and QSTASH_NEXT_SIGNING_KEY",
  "body-hash":
    "its body is not the one that was signed; hand on the raw body, not one that a framework has parsed and written again",
  "url-mismatch":
    "it is signed for another URL; domain, webhookPath and forceHttps must say the public URL, to the last letter",
  replayed: "it has been taken before",
};

function fault(
  reason: SignatureFault,
  urls: Omit<SignatureErrorData, "reason"> = {},
  cause?: unknown,
): SignatureError {
  const shown = reason === "url-mismatch" ? ` (expected ${urls.expected}, got ${urls.got})` : "";
  return new SignatureError({
    message: `The call was refused: ${MENDS[reason]}${shown}.`,
    data: { reason, ...urls },
    cause,
  });
}

function parsePart(part: string | undefined): Record<string, unknown> {
  const parsed: unknown = JSON.parse(Buffer.from(part ?? "", "base64url").toString("utf8"));
  if (typeof parsed !== "object" || parsed === null) throw new TypeError("It is no object.");
  return parsed as Record<string, unknown>;
}

/** Reads claims that nothing has verified yet. */
function unverified(signature: string): { readonly alg: unknown; readonly claims: Claims } {
  try {
    const parts = signature.split(".");
    if (parts.length !== 3) throw new TypeError("It has not three parts.");
    return { alg: parsePart(parts[0]).alg, claims: parsePart(parts[1]) as unknown as Claims };
  } catch (error) {
    throw fault("malformed", {}, error);
  }
}

/**
 * Checks the signatures of QStash, by the SDK's receiver and what that leaves open (tried with 2.12.0): it takes other
 * algorithms than HS256, signatures that never expire, and the same one twice.
 */
export class SignatureCheck {
  readonly #receiver: Receiver;
  readonly #url: string;
  readonly #toleranceMs: number;
  readonly #seen = new Map<string, number>();

  constructor({
    keys,
    callback,
    clockToleranceMs,
  }: Pick<ResolvedQstashOptions, "keys" | "callback" | "clockToleranceMs">) {
    // devMode by the environment would take signatures with keys that everybody knows.
    this.#receiver = new Receiver({
      currentSigningKey: keys.current,
      nextSigningKey: keys.next,
      devMode: false,
    });
    this.#url = callback.href;
    this.#toleranceMs = clockToleranceMs;
  }

  /** Rejects with a SIGNATURE_ERROR unless the call comes from QStash, is meant for this URL and has not come before. */
  async check(call: WebhookCall, body: string): Promise<void> {
    const signature = call.header("upstash-signature");
    if (signature === null || signature === "") throw fault("missing");
    if (signature.length > LONGEST_SIGNATURE) throw fault("malformed");
    const { alg, claims } = unverified(signature);
    const { iss, exp, sub, body: hash } = claims;
    if (
      alg !== "HS256" ||
      iss !== "Upstash" ||
      typeof exp !== "number" ||
      typeof sub !== "string" ||
      typeof hash !== "string"
    )
      throw fault("malformed");
    const problem = this.#problemOf(claims, Date.now());
    try {
      await this.#receiver.verify({
        signature,
        body,
        url: this.#url,
        clockTolerance: Math.ceil(this.#toleranceMs / 1_000),
      });
    } catch (error) {
      throw this.#faultOf(error, claims, problem);
    }
    if (problem !== null) throw fault(problem);
    this.#remember(claims, signature, Date.now());
  }

  #problemOf({ exp, nbf }: Claims, wallTime: number): "expired" | "not-yet-valid" | null {
    if ((exp as number) * 1_000 + this.#toleranceMs < wallTime) return "expired";
    return typeof nbf === "number" && nbf * 1_000 - this.#toleranceMs > wallTime ? "not-yet-valid" : null;
  }

  /** Which of the checks it was that failed: the receiver has one error for all. */
  #faultOf(error: unknown, claims: Claims, problem: SignatureFault | null): SignatureError {
    const message = error instanceof Error ? error.message : "";
    if (/subject/i.test(message) || /invalid.*url/i.test(message))
      return fault("url-mismatch", { expected: this.#url, got: String(claims.sub).slice(0, 500) }, error);
    if (/body/i.test(message)) return fault("body-hash", {}, error);
    return fault(problem ?? "wrong-key", {}, error);
  }

  #remember({ jti, exp }: Claims, signature: string, wallTime: number): void {
    const name = typeof jti === "string" ? jti : signature;
    if (this.#seen.has(name)) throw fault("replayed");
    if (this.#seen.size >= MOST_REMEMBERED) this.#forget(wallTime);
    this.#seen.set(name, (exp as number) * 1_000 + this.#toleranceMs);
  }

  #forget(wallTime: number): void {
    for (const [name, until] of this.#seen) {
      // The oldest come first; where none has expired they go all the same, as memory is bounded.
      if (until >= wallTime && this.#seen.size < MOST_REMEMBERED) break;
      this.#seen.delete(name);
    }
  }
}
