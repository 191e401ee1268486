import { describe, expect, test, vi } from "vitest";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createHttpHandler } from "./http-handler.ts";
import { away, faulty, SECRET, serve, tasks } from "./served-endpoints.setup.test.ts";

describe("what goes wrong", () => {
  test("a backend that is away is answered 503, with when to come again, and its words stay in the log", async () => {
    const { call, told } = serve({}, { backend: faulty(away) });
    for (const line of [
      "POST /tasks/run",
      "POST /tasks/run-one",
      "GET /tasks/status",
      "GET /tasks/status/0",
    ]) {
      const answer = await call(line);
      expect([line, answer.status, answer.headers.get("retry-after")]).toEqual([line, 503, "10"]);
      expect(answer.json).toEqual({
        error: "It cannot be done now; try again later.",
        code: "BACKEND_UNAVAILABLE",
      });
    }
    expect(told.filter((line) => line.includes(SECRET))).toHaveLength(4);
  });

  test("a fault is answered 500 without its words", async () => {
    const { call, told } = serve({}, { backend: faulty(() => Promise.reject(new Error(SECRET))) });
    const answer = await call("POST /tasks/run");
    expect([answer.status, answer.json.code]).toEqual([500, "INTERNAL_ERROR"]);
    expect(answer.text).not.toContain(SECRET);
    expect(answer.text).not.toContain(" at ");
    expect(told.join()).toContain(SECRET);
  });

  test("what this server or its backend is not made for is answered 501, with what that is", async () => {
    const { inspector: _, ...uncounted } = memoryBackend();
    const { call, told } = serve({}, { backend: uncounted });
    expect(await call("GET /tasks/status")).toMatchObject({ status: 501, json: { code: "NOT_SUPPORTED" } });
    const backend = memoryBackend();
    const others = createTaskServer({ tasks, backend, only: ["mail"], handlers: { mail: () => {} } });
    const { id } = await others.client.tasks.work.delay({ n: 1 });
    const limited = createHttpHandler(others, { auth: "none" });
    const answer = await limited(
      new Request(`https://app.example.test/tasks/execute/${id}`, { method: "POST" }),
    );
    expect([answer.status, await answer.json()]).toMatchObject([501, { code: "HANDLER_MISSING" }]);
    expect(told).toEqual([]);
  });

  test("a server that is closed says 503", async () => {
    const { call, server } = serve();
    await server.open();
    await server.close();
    expect((await call("POST /tasks/run")).json.code).toBe("CLOSED");
  });

  test("a body that is too long, of another type, or read before is refused", async () => {
    const { call, handler, server } = serve();
    await server.client.tasks.work.delay({ n: 1 });
    expect((await call("POST /tasks/run", { queueName: "x".repeat(70_000) })).status).toBe(413);
    const typed = { headers: { "content-type": "text/plain" } };
    expect((await call("POST /tasks/run", {}, typed)).status).toBe(415);
    const read = new Request("https://app.example.test/tasks/run", { method: "POST", body: "{}" });
    await read.text();
    const answer = await handler(read);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("before any body parser");
    expect(await server.executor.pendingTaskCount()).toBe(1);
  });

  test("a body that does not arrive is answered 408", async () => {
    vi.useFakeTimers();
    try {
      const { handler } = serve();
      const body = new ReadableStream();
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      const answer = handler(new Request("https://app.example.test/tasks/run", init));
      await vi.advanceTimersByTimeAsync(10_000);
      expect((await answer).status).toBe(408);
    } finally {
      vi.useRealTimers();
    }
  });
});
