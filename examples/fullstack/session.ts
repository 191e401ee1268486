// Who is signed in: a name in a signed cookie. An application of yours asks for a password before it sets one.
import { type Context, Hono } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";

const USERS = ["ada", "grace"] as const;
export type User = (typeof USERS)[number];

const COOKIE = "session";

function asUser(name: unknown): User | null {
  return USERS.find((user) => user === name) ?? null;
}

/** The user of a request; null where there is no cookie, or one with a wrong signature. */
export async function readSession(c: Context, secret: string): Promise<User | null> {
  return asUser(await getSignedCookie(c, secret, COOKIE));
}

/** Signs in and out. */
export function sessionRoutes(secret: string): Hono {
  return new Hono()
    .put("/:user", async (c) => {
      const user = asUser(c.req.param("user"));
      if (user === null) return c.json({ error: "There is no such user." }, 404);
      // Where a proxy ends TLS, it says so.
      const protocol = c.req.header("x-forwarded-proto") ?? new URL(c.req.url).protocol.replace(":", "");
      const secure = protocol === "https";
      await setSignedCookie(c, COOKIE, user, secret, {
        path: "/",
        httpOnly: true,
        sameSite: "Strict",
        secure,
      });
      return c.body(null, 204);
    })
    .delete("/", (c) => {
      deleteCookie(c, COOKIE, { path: "/" });
      return c.body(null, 204);
    });
}
