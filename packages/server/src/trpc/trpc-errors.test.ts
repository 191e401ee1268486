import { describe, expect, it } from "vitest";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTaskRouter } from "./create-task-router.ts";
import { ada, refusal, t, tasks } from "./router-callers.setup.test.ts";

describe("a fault of the server", () => {
  it("is logged and not told", async () => {
    const logged: unknown[] = [];
    const log = (facts: unknown) => logged.push(facts);
    const server = createTaskServer({
      tasks,
      backend: memoryBackend(),
      logger: { debug: log, info: log, warn: log, error: log },
      handlers: {
        sendEmail: () => ({ messageId: "" }),
        tick: () => {},
        billing: { invoice: () => {}, refund: () => {} },
      },
    });
    const secret = new Error("password hunter2");
    const router = createTaskRouter(t, server, {
      procedure: t.procedure,
      scope: () => {
        throw secret;
      },
    });
    const error = await router
      .createCaller(ada)
      .tasks.tick.delay(undefined)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "INTERNAL_SERVER_ERROR",
      message: "It went wrong; the server's log says why.",
    });
    expect(logged).toEqual([{ err: secret }]);
    await server.close();
    const closed = createTaskRouter(t, server, { procedure: t.procedure });
    expect(await refusal(closed.createCaller(ada).tasks.tick.delay(undefined))).toMatchObject({
      trpc: "SERVICE_UNAVAILABLE",
      code: "CLOSED",
    });
  });
});
