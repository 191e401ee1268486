// The app's tRPC router: procedures of its own, and the tasks beside them on the same procedure with the session check.
import type { TaskServer } from "@taskwright/server";
import { createTaskRouter } from "@taskwright/server/trpc";
import { initTRPC, TRPCError } from "@trpc/server";
import type { User } from "./session.ts";
import type { tasks } from "./tasks.ts";

const t = initTRPC.context<{ user: User | null }>().create({
  isDev: false, // callers get no stacks
  sse: { ping: { enabled: true, intervalMs: 15_000 } }, // some proxies cut connections that are silent
});

const signedIn = t.procedure.use(({ ctx: { user }, next }) => {
  if (user === null) throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in first." });
  return next({ ctx: { user } });
});

const tagOf = (user: User) => `user:${user}`;

export type AppRouter = ReturnType<typeof createRouter>;

export function createRouter(server: TaskServer<typeof tasks>) {
  return t.router({
    user: t.procedure.query(({ ctx }) => ctx.user),
    /** The ids of the user's newest mails, newest first. */
    recentMails: signedIn.query(async ({ ctx }) => {
      const { results } = await server.client.results.list({
        task: "sendEmail",
        tag: tagOf(ctx.user),
        limit: 10,
      });
      return results.map(({ id }) => id);
    }),
    background: createTaskRouter(t, server, {
      procedure: signedIn,
      expose: ["sendEmail"],
      scope: ({ user }) => user,
      tags: ({ user }) => [tagOf(user)],
      canRead: ({ user }, { tags }) => tags.includes(tagOf(user)),
    }),
  });
}
