import { isTaskError, SignatureError } from "@taskwright/shared";
import { afterEach, expect, test, vi } from "vitest";
import {
  CURRENT_KEY,
  NEXT_KEY,
  signatureOf,
  WEBHOOK_URL,
  webhookCall,
} from "../../../../../test/harness/signed-call.ts";
import { SignatureCheck } from "./signature.ts";

const BODY = '{"v":1}';
const MINUTE_S = 60;

afterEach(() => {
  vi.unstubAllEnvs();
});

function newCheck(given: { readonly url?: string; readonly keys?: { current: string; next: string } } = {}) {
  const { url = WEBHOOK_URL, keys = { current: CURRENT_KEY, next: NEXT_KEY } } = given;
  return new SignatureCheck({ keys, callback: new URL(url), clockToleranceMs: 60_000 });
}

function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}

/** What a signature is refused for; null when it is taken. */
async function refusalOf(
  signature: string | null,
  { check = newCheck(), body = BODY }: { readonly check?: SignatureCheck; readonly body?: string } = {},
): Promise<SignatureError | null> {
  const headers: Record<string, string> = signature === null ? {} : { "upstash-signature": signature };
  try {
    await check.check(webhookCall(body, headers), body);
    return null;
  } catch (error) {
    if (error instanceof SignatureError && isTaskError(error, "SIGNATURE_ERROR")) return error;
    throw error;
  }
}

async function reasonOf(...given: Parameters<typeof refusalOf>): Promise<string | undefined> {
  return (await refusalOf(...given))?.data?.reason;
}

test("a signature of the current key, and of the next one, is taken", async () => {
  expect(await refusalOf(signatureOf(BODY))).toBeNull();
  expect(await refusalOf(signatureOf(BODY, { key: NEXT_KEY }))).toBeNull();
});

test("after a rotation what the old next key signs is still taken, and what the old current one signs no more", async () => {
  const rotated = newCheck({ keys: { current: NEXT_KEY, next: "sig_after" } });
  expect(await refusalOf(signatureOf(BODY, { key: NEXT_KEY }), { check: rotated })).toBeNull();
  expect(await reasonOf(signatureOf(BODY, { key: CURRENT_KEY }), { check: rotated })).toBe("wrong-key");
});

test.each([
  ["missing", null],
  ["missing", ""],
  ["malformed", "one.two"],
  ["malformed", "not.base64.json"],
  ["malformed", "a".repeat(10_000)],
  ["malformed", `${Buffer.from("null").toString("base64url")}.e30.e30`],
])("%s: a call with the signature %j", async (reason, signature) => {
  expect(await reasonOf(signature)).toBe(reason);
});

test.each(["none", "HS384", "HS512"] as const)(
  "the algorithm %s is refused, whoever has signed",
  async (alg) => {
    expect(await reasonOf(signatureOf(BODY, { alg }))).toBe("malformed");
  },
);

test.each(["exp", "sub", "body", "iss"])("a signature without %s is refused", async (claim) => {
  expect(await reasonOf(signatureOf(BODY, { claims: { [claim]: undefined } }))).toBe("malformed");
});

test("a signature of somebody else's issuer is refused", async () => {
  expect(await reasonOf(signatureOf(BODY, { claims: { iss: "Somebody" } }))).toBe("malformed");
});

test("clocks may differ by a minute, and no more", async () => {
  const expired = (seconds: number) => signatureOf(BODY, { claims: { exp: secondsFromNow(-seconds) } });
  const early = (seconds: number) => signatureOf(BODY, { claims: { nbf: secondsFromNow(seconds) } });
  expect(await refusalOf(expired(MINUTE_S - 10))).toBeNull();
  expect(await refusalOf(early(MINUTE_S - 10))).toBeNull();
  expect(await reasonOf(expired(MINUTE_S + 10))).toBe("expired");
  expect(await reasonOf(early(MINUTE_S + 10))).toBe("not-yet-valid");
});

test("what somebody else has signed is a wrong key, even when it has expired", async () => {
  expect(await reasonOf(signatureOf(BODY, { key: "sig_guess" }))).toBe("wrong-key");
});

test("a body that was changed on the way is refused, with a word about parsers", async () => {
  const error = await refusalOf(signatureOf('{"v": 1}'));
  expect(error?.data).toEqual({ reason: "body-hash" });
  expect(error?.message).toContain("raw body");
});

test("a body whose hash is written in the other alphabet of base64 is refused", async () => {
  const claims = { body: "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=" };
  expect(await reasonOf(signatureOf(BODY, { claims }))).toBe("body-hash");
});

test("a signature for http where https is expected names both, and the options that say it", async () => {
  const sub = WEBHOOK_URL.replace("https:", "http:");
  const error = await refusalOf(signatureOf(BODY, { claims: { sub } }));
  expect(error?.data).toEqual({ reason: "url-mismatch", expected: WEBHOOK_URL, got: sub });
  expect(error?.message).toContain("forceHttps");
  for (const other of [`${WEBHOOK_URL}?x=1`, WEBHOOK_URL.slice(0, -1), "https://app.example.test.evil/"])
    expect(await reasonOf(signatureOf(BODY, { claims: { sub: other } }))).toBe("url-mismatch");
});

test("a signature is taken once, whether it has an id or not", async () => {
  const check = newCheck();
  for (const claims of [{}, { jti: undefined }]) {
    const signature = signatureOf(BODY, { claims });
    expect(await refusalOf(signature, { check })).toBeNull();
    expect(await reasonOf(signature, { check })).toBe("replayed");
  }
});

test("a signature that was refused is not remembered as taken", async () => {
  const check = newCheck();
  const signature = signatureOf(BODY);
  expect(await reasonOf(signature, { check, body: "{}" })).toBe("body-hash");
  expect(await refusalOf(signature, { check })).toBeNull();
});

test("QStash's own switch for development in the environment lets nobody in with the keys that everybody knows", async () => {
  vi.stubEnv("QSTASH_DEV", "1");
  vi.stubEnv("QSTASH_REGION", "US_EAST_1");
  const check = newCheck();
  expect(await reasonOf(signatureOf(BODY, { key: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r" }), { check })).toBe(
    "wrong-key",
  );
  expect(await refusalOf(signatureOf(BODY), { check })).toBeNull();
});

test("no message holds the signature, the body or a key", async () => {
  const signature = signatureOf("another body", { key: "sig_guess" });
  const error = await refusalOf(signature);
  const told = `${error?.message} ${JSON.stringify(error?.data)}`;
  for (const secret of [signature, BODY, CURRENT_KEY, NEXT_KEY]) expect(told).not.toContain(secret);
});
