import { describe, expect, it } from "vitest";
import { createTaskRouter } from "./create-task-router.ts";
import {
  ada,
  bob,
  type Context,
  mail,
  nobody,
  open,
  refusal,
  serve,
  t,
} from "./router-callers.setup.test.ts";

describe("options", () => {
  it("of a call are countdown and eta unless more are allowed", async () => {
    const server = serve();
    const caller = createTaskRouter(t, server, { procedure: t.procedure }).createCaller(ada);
    const enqueue = (options: object) => caller.tasks.sendEmail.enqueue({ input: mail, options });
    await enqueue({ countdown: "5m" });
    await enqueue({ eta: new Date("2030-01-01"), priority: undefined });
    for (const option of [
      "priority",
      "queue",
      "runAfter",
      "backend",
      "tags",
      "maxRetries",
      "deduplicationId",
    ]) {
      expect(await refusal(enqueue({ countdown: 1, [option]: 1 }))).toEqual({
        trpc: "FORBIDDEN",
        code: "FORBIDDEN",
        message: expect.stringContaining(
          `The option "${option}" may not be set from here; allowed are: countdown, eta.`,
        ),
        data: { option },
      });
    }
  });

  it("that are allowed are taken", async () => {
    const server = serve();
    const caller = createTaskRouter(t, server, {
      procedure: t.procedure,
      allowOptions: ["priority", "queue"],
    }).createCaller(ada);
    const { id } = await caller.tasks.sendEmail.enqueue({
      input: mail,
      options: { priority: 7, queue: "slow" },
    });
    expect(await server.client.results.get(id)).toMatchObject({ priority: 7, queue: "slow" });
    expect(
      await refusal(caller.tasks.sendEmail.enqueue({ input: mail, options: { countdown: 1 } as object })),
    ).toMatchObject({ code: "FORBIDDEN", data: { option: "countdown" } });
  });

  it("deduplicate within the caller's scope only", async () => {
    const { as } = open();
    const enqueue = (ctx: Context) =>
      as(ctx).tasks.sendEmail.enqueue({ input: mail, options: { deduplicationId: "welcome" } });
    const first = await enqueue(ada);
    expect(await enqueue(ada)).toEqual({ ...first, deduplicated: true });
    const other = await enqueue(bob);
    expect(other).toMatchObject({ deduplicated: false });
    expect(other.id).not.toBe(first.id);
  });

  it("that deduplicate need a caller who is known", async () => {
    const router = createTaskRouter(t, serve(), {
      procedure: t.procedure,
      allowOptions: ["deduplicationId"],
      scope: (ctx) => ctx.user,
    });
    const options = { deduplicationId: "welcome" };
    expect(
      await refusal(router.createCaller(nobody).tasks.sendEmail.enqueue({ input: mail, options })),
    ).toMatchObject({ trpc: "FORBIDDEN", data: { option: "deduplicationId" } });
    await router.createCaller(ada).tasks.sendEmail.enqueue({ input: mail, options });
  });
});
