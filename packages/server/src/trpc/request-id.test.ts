import { describe, expect, it } from "vitest";
import { ada, bob, mail, open, refusal, type serve } from "./router-callers.setup.test.ts";

const key = "0123456789abcdef";

/** Resolves when an enqueue can be told, by its time, from the one that made a task result. */
async function nextMillisecond(server: ReturnType<typeof serve>, id: string): Promise<void> {
  const { enqueuedAt } = await server.client.results.get(id);
  const { clock } = server["~engine"].backend("default");
  while (clock.now() <= enqueuedAt.getTime()) await new Promise(setImmediate);
}

describe("a requestKey", () => {
  it("stores a repeated call once, wherever the task result stands", async () => {
    const { server, as } = open();
    const call = { input: mail, requestKey: key };
    const first = await as(ada).tasks.sendEmail.enqueue(call);
    expect(await as(ada).tasks.sendEmail.enqueue(call)).toEqual(first);
    await server.client.results.cancel(first.id);
    await nextMillisecond(server, first.id);
    expect(await as(ada).tasks.sendEmail.enqueue(call)).toEqual({ ...first, status: "CANCELLED" });
    expect((await server.client.results.list()).results).toHaveLength(1);
  });

  it("tells of one enqueue only", async () => {
    const { server, as } = open();
    const enqueued: string[] = [];
    server.events.on("enqueued", ({ id }) => enqueued.push(id));
    const { id } = await as(ada).tasks.tick.enqueue({ requestKey: key });
    await nextMillisecond(server, id);
    await as(ada).tasks.tick.enqueue({ requestKey: key });
    expect(enqueued).toEqual([id]);
  });

  it("used for another input is a conflict that reveals nothing", async () => {
    const { as } = open();
    const { id } = await as(ada).tasks.sendEmail.enqueue({ input: mail, requestKey: key });
    const refused = await refusal(
      as(ada).tasks.sendEmail.enqueue({ input: { to: "bob@example.com" }, requestKey: key }),
    );
    expect(refused).toEqual({
      trpc: "CONFLICT",
      code: "REQUEST_CONFLICT",
      message: "The requestKey was used before, and not for this: make a new one for each call.",
      data: undefined,
    });
    expect(JSON.stringify(refused)).not.toContain(id);
  });

  it("of another caller, or for another task, is another key", async () => {
    const { as } = open();
    const ids = [
      await as(ada).tasks.billing.invoice.enqueue({ input: { orderId: 1 }, requestKey: key }),
      await as(bob).tasks.billing.invoice.enqueue({ input: { orderId: 1 }, requestKey: key }),
      await as(ada).tasks.billing.refund.enqueue({ input: { orderId: 1 }, requestKey: key }),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it("stores each of many once", async () => {
    const { server, as } = open();
    const call = { inputs: [mail, mail, { to: "bob@example.com" }], requestKey: key };
    const first = await as(ada).tasks.sendEmail.enqueueMany(call);
    expect(new Set(first.map(({ id }) => id)).size).toBe(3);
    expect(await as(ada).tasks.sendEmail.enqueueMany(call)).toEqual(first);
    expect((await server.client.results.list()).results).toHaveLength(3);
  });

  it("works beside the task's own deduplication", async () => {
    const { as } = open();
    const call = { input: mail, requestKey: key, options: { deduplicationId: "a" } };
    const first = await as(ada).tasks.sendEmail.enqueue(call);
    expect(await as(ada).tasks.sendEmail.enqueue(call)).toMatchObject({ id: first.id });
    expect(await as(ada).tasks.sendEmail.enqueue({ ...call, requestKey: `${key}2` })).toEqual({
      ...first,
      deduplicated: true,
    });
  });

  it.each(["", "short", "x".repeat(201), 1, null])("cannot be %j", async (requestKey) => {
    const caller = open().as(ada);
    expect(
      await refusal(caller.tasks.sendEmail.enqueue({ input: mail, requestKey: requestKey as string })),
    ).toMatchObject({ trpc: "BAD_REQUEST", code: "INVALID_OPTION", data: { option: "requestKey" } });
  });
});
