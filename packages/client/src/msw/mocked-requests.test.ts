import { initTasks } from "@taskwright/shared";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createTaskClient } from "../create-task-client.ts";
import { mockTasks } from "./mock-tasks.ts";

const t = initTasks.create();
const tasks = t.router({ sendEmail: t.task.input(z.object({ to: z.email() })), tick: t.task });

const url = "http://localhost/api/trpc";
const mock = mockTasks<typeof tasks>({ url, path: "background" });
const server = setupServer(...mock.handlers);
const mail = { to: "ada@example.com" };

beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => {
  server.resetHandlers(...mock.handlers);
  mock.reset();
});
afterAll(() => server.close());

describe("requests", () => {
  it("to elsewhere, and for other procedures, are left to other handlers", async () => {
    server.resetHandlers(
      ...mock.handlers,
      http.all("*", () => HttpResponse.text("other")),
    );
    for (const path of [
      "/api/trpc/greeting",
      "/api/trpc/tasks.tick.delay",
      "/api/trpcx/background.results.get",
      "/api/rpct/background.results.get",
      "/%",
    ])
      expect(await (await fetch(`http://localhost${path}`)).text()).toBe("other");
    expect(await (await fetch("http://elsewhere/api/trpc/background.results.get")).text()).toBe("other");
    expect((await fetch(`${url}/background.results.get`)).headers.get("content-type")).toMatch("json");
  });

  it("are answered at any host where url is a path", async () => {
    const anywhere = mockTasks<typeof tasks>({ url: "/api/trpc/" });
    server.use(...anywhere.handlers);
    const there = createTaskClient<typeof tasks>({ url: "http://app.example.com/api/trpc" });
    const { id } = await there.tasks.tick.delay();
    expect(anywhere.tasks.tick.enqueued[0]?.id).toBe(id);
  });

  it("that are made again with their key enqueue once", async () => {
    const lost = vi.fn(async (request: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const response = await fetch(request, init);
      if (lost.mock.calls.length === 1) throw new TypeError("the connection was lost");
      return response;
    });
    const patient = createTaskClient<typeof tasks>({ url, path: "background", fetch: lost });
    const { id } = await patient.tasks.sendEmail.delay(mail);
    expect(lost).toHaveBeenCalledTimes(2);
    expect(mock.enqueued.map((task) => task.id)).toEqual([id]);
  });

  it("of a key that was used before a reset are new ones", async () => {
    const enqueue = async () => {
      const body = JSON.stringify({ input: mail, requestKey: "0123456789abcdef" });
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${url}/background.tasks.sendEmail.enqueue`, {
        method: "POST",
        body,
        headers,
      });
      return ((await response.json()) as { result: { data: { id: string } } }).result.data.id;
    };
    const id = await enqueue();
    expect(await enqueue()).toBe(id);
    mock.reset();
    expect(await enqueue()).not.toBe(id);
    expect(mock.enqueued).toHaveLength(1);
  });

  it("that come with another procedure's in one batch say how to mend it", async () => {
    const response = await fetch(
      `${url}/greeting,background.results.get?batch=1&input=${encodeURIComponent('{"1":{"id":"a"}}')}`,
    );
    const [greeting, result] = (await response.json()) as { error: { message: string } }[];
    expect(greeting?.error.message).toMatch(/No procedure .*: it came in one batch with calls of tasks/);
    expect(result?.error.message).toBe("There is no task result a that this caller may read.");
  });
});

describe("mockTasks()", () => {
  it.each([
    [undefined, "mockTasks() takes its options as a plain object; got undefined."],
    [{ url: "api" }, "mockTasks() takes url as that of the tRPC server"],
    [{ url: 7 }, "mockTasks() takes url as that of the tRPC server"],
    [{ url, path: "a b" }, "mockTasks() takes path as names joined by dots"],
    [{ url, allowOptions: "priority" }, "mockTasks() takes allowOptions as an array of names"],
    [{ url, allowOption: [] }, 'mockTasks() has no option "allowOption". Did you mean "allowOptions"?'],
  ])("refuses %j", (options, message) => {
    expect(() => mockTasks(options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(message) }),
    );
  });
});
