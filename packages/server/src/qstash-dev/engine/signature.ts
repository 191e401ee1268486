import { createHash, createHmac } from "node:crypto";

const LIFE_SECONDS = 300;
const HEADER = base64url('{"alg":"HS256","typ":"JWT"}');

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** What a signature vouches for. */
export interface SignedDelivery {
  /** The destination, as the message names it. */
  readonly url: string;
  readonly body: Uint8Array;
  /** Epoch milliseconds of the wall clock that receivers look at. */
  readonly at: number;
  readonly id: string;
}

/** Makes the value of `Upstash-Signature`: a JWT by HS256 that lives for five minutes. */
export function sign({ url, body, at, id }: SignedDelivery, key: string): string {
  const now = Math.floor(at / 1_000);
  const claims = {
    iss: "Upstash",
    sub: url,
    exp: now + LIFE_SECONDS,
    // As the service: clocks that are behind refuse nothing.
    nbf: 0,
    iat: now,
    jti: id,
    body: createHash("sha256").update(body).digest("base64url"),
  };
  const signed = `${HEADER}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}
