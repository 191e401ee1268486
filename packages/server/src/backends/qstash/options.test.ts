import { afterEach, expect, test, vi } from "vitest";
import { refusal } from "../../../../../test/harness/sqlite-store.ts";
import { memoryBackend } from "../memory/index.ts";
import { qstashBackend } from "./index.ts";
import { LOCAL_QSTASH } from "./local-qstash.ts";
import { type QstashBackendOptions, resolveOptions } from "./options.ts";

const ENV = {
  QSTASH_TOKEN: "token",
  QSTASH_CURRENT_SIGNING_KEY: "current",
  QSTASH_NEXT_SIGNING_KEY: "next",
  TASKWRIGHT_DOMAIN: "example.com",
};

afterEach(() => {
  vi.unstubAllEnvs();
});

function refused(options: object, env: Readonly<Record<string, string>> = ENV) {
  return refusal(() => resolveOptions(options as QstashBackendOptions, env));
}

test("with the four required settings in the environment, everything else has its default", () => {
  const { callback, ...options } = resolveOptions({}, ENV);
  expect(callback.href).toBe("https://example.com/qstash/webhook/");
  expect(options).toMatchObject({
    token: "token",
    baseUrl: "https://qstash.upstash.io",
    keys: { current: "current", next: "next" },
    store: undefined,
    outbox: undefined,
    retries: 3,
    maxDelayMs: 7 * 86_400_000,
    maxTimeoutMs: 15 * 60_000,
    flowControl: {},
    clockToleranceMs: 60_000,
  });
  expect(options.isOrdered("default")).toBe(false);
});

test("options win over the environment, and each setting of django-qstash has its place", () => {
  const env = {
    ...ENV,
    QSTASH_URL: "https://eu.example.com/",
    TASKWRIGHT_WEBHOOK_PATH: "/hooks/q",
    TASKWRIGHT_FORCE_HTTPS: "0",
    TASKWRIGHT_DOMAIN: "http://plain.example.com",
  };
  expect(resolveOptions({}, env)).toMatchObject({
    baseUrl: "https://eu.example.com",
    callback: new URL("http://plain.example.com/hooks/q"),
  });
  expect(
    resolveOptions(
      {
        token: "own",
        domain: "own.example.com",
        webhookPath: "/own/",
        forceHttps: true,
        baseUrl: "https://own",
      },
      env,
    ),
  ).toMatchObject({
    token: "own",
    baseUrl: "https://own",
    callback: new URL("https://own.example.com/own/"),
  });
});

test.each([
  ["token", "QSTASH_TOKEN"],
  ["currentSigningKey", "QSTASH_CURRENT_SIGNING_KEY"],
  ["nextSigningKey", "QSTASH_NEXT_SIGNING_KEY"],
  ["domain", "TASKWRIGHT_DOMAIN"],
])("without %s the error names %s", async (option, variable) => {
  const { [variable as keyof typeof ENV]: _, ...env } = ENV;
  const error = await refused({}, env);
  expect(error).toMatchObject({ code: "INVALID_OPTION", data: { option } });
  expect(error.message).toContain(variable);
});

test.each(["localhost", "localhost:3000", "http://127.0.0.1:8000", "app.localhost", "[::1]", "0.0.0.0"])(
  "the domain %s cannot be reached by the real service, and the error says what to do",
  async (domain) => {
    const error = await refused({ domain });
    expect(error).toMatchObject({ code: "INVALID_OPTION", data: { option: "domain" } });
    expect(error.message).toContain("qstash-dev");
    const local = resolveOptions({ domain, baseUrl: LOCAL_QSTASH.url }, ENV);
    expect(local.callback.protocol).toBe("http:");
  },
);

test.each([
  ["domain", { domain: "example.com/path" }],
  ["domain", { domain: "https://user@example.com" }],
  ["domain", { domain: "exa mple" }],
  ["webhookPath", { webhookPath: "hook" }],
  ["webhookPath", { webhookPath: "/a/../b" }],
  ["webhookPath", { webhookPath: "/a?b" }],
  ["baseUrl", { baseUrl: "qstash" }],
  ["baseUrl", { baseUrl: "ftp://qstash" }],
  ["retries", { retries: -1 }],
  ["retries", { retries: 1.5 }],
  ["retries", { retries: 101 }],
  ["forceHttps", { forceHttps: "yes" }],
  ["store", { store: {} }],
  ["message", { message: {} }],
  ["ordered", { ordered: "emails" }],
  ["ordered", { ordered: [7] }],
  ["flowControl", { flowControl: { emails: {} } }],
  ["flowControl", { flowControl: { emails: { parallelism: 0 } } }],
  ["flowControl.emails.period", { flowControl: { emails: { rate: 1, period: "soon" } } }],
  ["maxDelay", { maxDelay: "0s" }],
  ["maxDelay", { maxDelay: 7 }],
  ["maxTimeout", { maxTimeout: "0s" }],
  ["clockTolerance", { clockTolerance: "soon" }],
  ["clockTolerance", { clockTolerance: "2d" }],
  ["tokn", { tokn: "secret" }],
])("%s is refused in %j", async (option, options) => {
  const error = await refused(options);
  expect(error).toMatchObject({ code: "INVALID_OPTION", data: { option } });
  expect(error.message).not.toContain("secret");
});

test("a store that cannot be claimed from, such as QStash itself, is no store", async () => {
  const store = qstashBackend({
    token: "token",
    domain: "example.com",
    currentSigningKey: "current",
    nextSigningKey: "next",
  });
  expect(await refused({ store })).toMatchObject({ code: "INVALID_OPTION", data: { option: "store" } });
  expect(resolveOptions({ store: memoryBackend() }, ENV).store?.kind).toBe("memory");
});

test("USE_LOCAL_QSTASH brings the local QStash whole, whatever else the environment says of the real one", () => {
  for (const env of [
    { TASKWRIGHT_DOMAIN: "localhost:3000" },
    { ...ENV, TASKWRIGHT_DOMAIN: "localhost:3000" },
  ])
    expect(resolveOptions({}, { ...env, USE_LOCAL_QSTASH: "1" })).toMatchObject({
      token: LOCAL_QSTASH.token,
      baseUrl: LOCAL_QSTASH.url,
      callback: new URL("http://localhost:3000/qstash/webhook/"),
      keys: { current: LOCAL_QSTASH.currentSigningKey, next: LOCAL_QSTASH.nextSigningKey },
    });
  const elsewhere = { ...ENV, USE_LOCAL_QSTASH: "1", QSTASH_URL: "http://127.0.0.1:8585" };
  expect(resolveOptions({ domain: "localhost" }, elsewhere).baseUrl).toBe("http://127.0.0.1:8585");
});

test("USE_LOCAL_QSTASH is refused in production, and means nothing when it is off", async () => {
  const env = { ...ENV, NODE_ENV: "production" };
  const error = await refused({}, { ...env, USE_LOCAL_QSTASH: "true" });
  expect(error).toMatchObject({ code: "INVALID_OPTION" });
  expect(error.message).toContain("NODE_ENV");
  for (const off of ["", "0", "false"])
    expect(resolveOptions({}, { ...env, USE_LOCAL_QSTASH: off }).baseUrl).toBe("https://qstash.upstash.io");
});

test("the well-known keys of a local QStash are refused in production, wherever they come from", async () => {
  const { currentSigningKey, nextSigningKey } = LOCAL_QSTASH;
  for (const keys of [{ currentSigningKey }, { nextSigningKey }])
    expect(await refused(keys, { ...ENV, NODE_ENV: "production" })).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("public"),
    });
});

test("QSTASH_DEV in the environment changes nothing", () => {
  expect(resolveOptions({}, { ...ENV, QSTASH_DEV: "1" })).toMatchObject({
    baseUrl: "https://qstash.upstash.io",
    keys: { current: "current", next: "next" },
  });
});

test("the URL of the callback can be asked for", () => {
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  expect(qstashBackend().getCallbackUrl()).toBe("https://example.com/qstash/webhook/");
});
