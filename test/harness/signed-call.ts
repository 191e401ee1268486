import { createHash, createHmac } from "node:crypto";
import type { WebhookCall } from "@taskwright/server/backend";

export const CURRENT_KEY = "sig_current";
export const NEXT_KEY = "sig_next";
export const WEBHOOK_URL = "https://app.example.test/qstash/webhook/";

let made = 0;

/** What a test says of a signature; the rest is as QStash has it. */
export interface SignatureParts {
  readonly key?: string;
  /** Claims that are other than QStash's; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly alg?: "HS256" | "HS384" | "HS512" | "none";
}

/** Signs a body as QStash does. */
export function signatureOf(body: string | Uint8Array, parts: SignatureParts = {}): string {
  const { key = CURRENT_KEY, claims = {}, alg = "HS256" } = parts;
  const now = Math.floor(Date.now() / 1_000);
  const payload = {
    iss: "Upstash",
    sub: WEBHOOK_URL,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: `jwt_${process.pid}_${++made}`,
    body: createHash("sha256").update(body).digest("base64url"),
    ...claims,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg, typ: "JWT" })}.${encode(payload)}`;
  const hash =
    alg === "none"
      ? ""
      : createHmac(`sha${alg.slice(2)}`, key)
          .update(signed)
          .digest("base64url");
  return `${signed}.${hash}`;
}

/** A call to the webhook, with these headers. */
export function webhookCall(body: string, headers: Readonly<Record<string, string>>): WebhookCall {
  return { header: (name) => headers[name] ?? null, body: Buffer.from(body) };
}

/** A request to the webhook as QStash makes it. */
export function signedRequest(
  body: string | Uint8Array<ArrayBuffer>,
  more: SignatureParts & {
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly messageId?: string;
  } = {},
): Request {
  const { url = WEBHOOK_URL, headers, messageId = `msg_${++made}`, ...parts } = more;
  return new Request(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "upstash-signature": signatureOf(body, parts),
      "upstash-message-id": messageId,
      ...headers,
    },
  });
}
