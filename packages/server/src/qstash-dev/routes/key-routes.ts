import type { Route } from "./route.ts";

/** Routes of signing keys. */
export const KEY_ROUTES: readonly Route[] = [
  { method: "GET", path: "/v2/keys", handle: ({ engine }) => ({ body: engine.keys.keys }) },
  { method: "POST", path: "/v2/keys/rotate", handle: ({ engine }) => ({ body: engine.keys.rotate() }) },
];
