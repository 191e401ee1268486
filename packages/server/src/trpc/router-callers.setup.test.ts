import { initTasks } from "@taskwright/shared";
import { initTRPC, TRPCError } from "@trpc/server";
import { expect } from "vitest";
import { z } from "zod";
import type { Backend } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTaskRouter } from "./create-task-router.ts";

const contract = initTasks.create({ queues: ["default", "slow"] });
export const tasks = contract.router({
  sendEmail: contract.task.input(z.object({ to: z.email() })).output(z.object({ messageId: z.string() })),
  tick: contract.task,
  billing: contract.router({
    invoice: contract.task.input(z.object({ orderId: z.int() })),
    refund: contract.task.input(z.object({ orderId: z.int() })),
  }),
});

/** A server of these tasks, with nothing in its store unless that is given. */
export function serve(backend: Backend = memoryBackend()) {
  return createTaskServer({
    tasks,
    backend,
    logger: false,
    handlers: {
      sendEmail: () => ({ messageId: "m" }),
      tick: () => {},
      billing: { invoice: () => {}, refund: () => {} },
    },
  });
}

/** Who calls. */
export interface Context {
  readonly user: string | null;
}

export const t = initTRPC.context<Context>().create();
export const ada: Context = { user: "ada" };
export const bob: Context = { user: "bob" };
export const nobody: Context = { user: null };
export const mail = { to: "ada@example.com" };

const signedIn = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user: ctx.user } });
});

/** A router for callers who are signed in and read what is their own. */
export function open(backend?: Backend) {
  const server = serve(backend);
  const router = createTaskRouter(t, server, {
    procedure: signedIn,
    allowOptions: ["countdown", "eta", "deduplicationId", "tags"],
    scope: (ctx) => ctx.user,
    tags: (ctx) => [`user:${ctx.user}`],
    canRead: (ctx, result) => result.tags.includes(`user:${ctx.user}`),
  });
  return { server, router, as: (ctx: Context) => router.createCaller(ctx) };
}

/** What a rejected call was, in tRPC's words and in ours. */
export async function refusal(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => expect.fail("it did not reject"),
    (thrown: TRPCError) => thrown,
  );
  const { code, message, data } = error.cause as unknown as { code: string; message: string; data?: unknown };
  return { trpc: error.code, code, message, data };
}
