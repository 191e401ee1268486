import { expect, test } from "vitest";
import { refusal } from "../../../../test/harness/sqlite-store.ts";
import { CrossOrigin, type CrossOriginOptions } from "./cross-origin.ts";

const PAGE = "https://app.example.com";
const OTHER = "https://other.example.net";

function requestOf(method: string, headers: Record<string, string>): Request {
  return new Request("https://api.example.com/tasks/run", { method, headers });
}

function preflightOf(options: CrossOriginOptions | undefined, origin: string, names = "trpc-accept") {
  const headers = {
    origin,
    "access-control-request-method": "POST",
    ...(names === "" ? {} : { "access-control-request-headers": names }),
  };
  return new CrossOrigin(options).preflight(requestOf("OPTIONS", headers));
}

function told(options: CrossOriginOptions | undefined, headers: Record<string, string>): object {
  const answer = new Headers({ vary: "trpc-accept" });
  new CrossOrigin(options).tell(requestOf("GET", headers), answer);
  return Object.fromEntries(answer);
}

test("nothing is said of other origins unless it is asked for", () => {
  expect(preflightOf(undefined, PAGE)).toBeNull();
  expect(preflightOf({ origin: [] }, PAGE)).toBeNull();
  expect(told(undefined, { origin: PAGE })).toEqual({ vary: "trpc-accept" });
});

test("a page that may call is told so, another one is not, and caches keep them apart", () => {
  const options = { origin: [PAGE, "http://localhost:5173"] };
  expect(told(options, { origin: PAGE })).toEqual({
    "access-control-allow-origin": PAGE,
    "access-control-expose-headers": "retry-after",
    vary: "trpc-accept, origin",
  });
  for (const headers of [{ origin: OTHER }, { origin: `${PAGE}.evil.example` }, { origin: "null" }, {}])
    expect(told(options, headers as Record<string, string>)).toEqual({ vary: "trpc-accept, origin" });
  expect(told({ origin: "*" }, { origin: OTHER })).toMatchObject({ "access-control-allow-origin": "*" });
});

test("browsers send cookies only where that was asked for", () => {
  expect(told({ origin: PAGE, credentials: true }, { origin: PAGE })).toMatchObject({
    "access-control-allow-origin": PAGE,
    "access-control-allow-credentials": "true",
  });
  expect(told({ origin: PAGE }, { origin: PAGE })).not.toHaveProperty("access-control-allow-credentials");
});

test("a browser that asks first hears which methods and headers it may send", () => {
  const answer = preflightOf({ origin: PAGE }, PAGE);
  expect(answer?.status).toBe(204);
  expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject({
    "access-control-allow-origin": PAGE,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "trpc-accept",
    "access-control-max-age": "600",
    vary: "origin, access-control-request-headers",
  });
  expect(preflightOf({ origin: PAGE }, PAGE, "")?.headers.get("access-control-allow-headers")).toBe(
    "authorization, content-type",
  );
  expect(Object.fromEntries(preflightOf({ origin: PAGE }, OTHER)?.headers ?? [])).toEqual({ vary: "origin" });
  expect(new CrossOrigin({ origin: PAGE }).preflight(requestOf("OPTIONS", { origin: PAGE }))).toBeNull();
});

test.each([
  ["a form of another site", "POST", { "sec-fetch-site": "cross-site", origin: OTHER }, true],
  ["one of a sister site", "POST", { "sec-fetch-site": "same-site", origin: "https://b.example.com" }, true],
  ["one that hides its origin", "POST", { "sec-fetch-site": "cross-site", origin: "null" }, true],
  ["one without an origin", "POST", { "sec-fetch-site": "cross-site" }, true],
  [
    "a page with Basic credentials",
    "POST",
    { "sec-fetch-site": "cross-site", authorization: "Basic eA==" },
    true,
  ],
  ["a page that has a token", "POST", { "sec-fetch-site": "cross-site", authorization: "Bearer x" }, false],
  ["a page that may", "POST", { "sec-fetch-site": "cross-site", origin: PAGE }, false],
  ["a page of the same origin", "POST", { "sec-fetch-site": "same-origin", origin: OTHER }, false],
  ["a person", "POST", { "sec-fetch-site": "none" }, false],
  ["what is no browser", "POST", {}, false],
  ["who only reads", "GET", { "sec-fetch-site": "cross-site" }, false],
])("a change by %s", (_, method, headers, isForged) => {
  const request = requestOf(method, headers as Record<string, string>);
  expect(new CrossOrigin({ origin: PAGE }).isForged(request)).toBe(isForged);
});

test.each([
  [{ origin: "example.com" }],
  [{ origin: "https://example.com/" }],
  [{ origin: "https://example.com/app" }],
  [{ origin: [PAGE, 7] }],
  [{ origin: PAGE, credentials: true, methods: ["PUT"] }],
  [{ origin: "*", credentials: true }],
  [{}],
])("%j is refused", async (options) => {
  const error = await refusal(() => new CrossOrigin(options as CrossOriginOptions));
  expect(error).toMatchObject({ code: "INVALID_OPTION" });
});
