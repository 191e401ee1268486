import type { ProgressUpdate } from "@taskwright/shared";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EventListeners, TrpcCaller } from "./trpc-caller.ts";
import { TrpcTransport } from "./trpc-transport.ts";

const address = { id: "id-1", path: "mail.send", backend: null };
const limits = { timeoutMs: 30_000, retries: 2 };
const lost = new Error("fetch failed");

/** A server whose answers a test gives. */
class Answers implements TrpcCaller {
  readonly calls: { readonly path: string; readonly input: unknown }[] = [];
  readonly subscriptions: { readonly input: object; readonly listeners: EventListeners }[] = [];
  answer: (path: string) => Promise<unknown> = () => Promise.reject(lost);

  call(_type: "query" | "mutation", path: string, input: unknown): Promise<unknown> {
    this.calls.push({ path, input });
    return this.answer(path);
  }

  subscribe(_path: string, input: object, listeners: EventListeners): () => void {
    this.subscriptions.push({ input, listeners });
    return () => {};
  }
}

let server: Answers;
let transport: TrpcTransport;
beforeEach(() => {
  vi.useFakeTimers();
  server = new Answers();
  transport = new TrpcTransport(server, limits);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a call that gets no answer", () => {
  it("is made again with the same key, a number of times", async () => {
    const call = transport.enqueue({ path: "mail.send", input: 1, options: [{ priority: 1 }] });
    const failing = expect(call).rejects.toMatchObject({ code: "SERVER_UNREACHABLE", cause: lost });
    await vi.runAllTimersAsync();
    await failing;
    expect(server.calls).toHaveLength(3);
    expect(server.calls[0]).toEqual({
      path: "tasks.mail.send.enqueue",
      input: { input: 1, options: { priority: 1 }, requestKey: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
    expect(new Set(server.calls.map(({ input }) => JSON.stringify(input))).size).toBe(1);
  });

  it("is given up in its time, although nobody answers at all", async () => {
    server.answer = () => new Promise(() => {});
    const failing = expect(transport.getResult(address)).rejects.toMatchObject({
      code: "SERVER_UNREACHABLE",
    });
    await vi.runAllTimersAsync();
    await failing;
    expect(server.calls).toHaveLength(3);
  });

  it("has another key than the next one", async () => {
    server.answer = async () => ({ id: "1", deduplicated: false, status: "READY" });
    for (let call = 0; call < 2; call++) await transport.enqueue({ path: "a", input: 1, options: [] });
    expect(server.calls[0]?.input).not.toEqual(server.calls[1]?.input);
  });
});

describe("a wait", () => {
  it("without a time ends when nobody has answered for a while, and else goes on", async () => {
    server.answer = async () => null;
    const failing = expect(
      transport.waitForResult(address, { timeoutMs: null, signal: null }),
    ).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
    server.answer = () => (server.calls.length % 5 === 0 ? Promise.resolve(null) : Promise.reject(lost));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.calls.length).toBeGreaterThan(15);
    server.answer = () => Promise.reject(lost);
    const before = server.calls.length;
    await vi.runAllTimersAsync();
    await failing;
    expect(server.calls.length - before).toBeLessThanOrEqual(10);
  });

  it("asks for no more than its time", async () => {
    server.answer = async () => null;
    const failing = expect(
      transport.waitForResult(address, { timeoutMs: 0, signal: null }),
    ).rejects.toMatchObject({ code: "RESULT_TIMEOUT" });
    await vi.runAllTimersAsync();
    await failing;
    expect(server.calls).toEqual([
      { path: "results.wait", input: { id: "id-1", path: "mail.send", timeoutMs: 0 } },
    ]);
  });
});

describe("progress", () => {
  it("comes back where it was when the connection is lost, and ends with the task", async () => {
    const told: ProgressUpdate[] = [];
    transport.watchProgress(address, {
      onUpdate: (update) => told.push(update),
      onError: (error) => expect.fail(String(error)),
    });
    server.subscriptions[0]?.listeners.onEvent({ id: "a", data: { status: "RUNNING", progress: 1 } });
    server.subscriptions[0]?.listeners.onEnd();
    await vi.runAllTimersAsync();
    server.subscriptions[1]?.listeners.onError(lost);
    await vi.runAllTimersAsync();
    const [first, ...others] = server.subscriptions;
    expect(first?.input).toEqual({ id: "id-1", path: "mail.send" });
    expect(others.map(({ input }) => input)).toEqual(Array(2).fill({ ...first?.input, lastEventId: "a" }));
    others[1]?.listeners.onEvent({ id: "b", data: { status: "SUCCESSFUL", progress: 1 } });
    others[1]?.listeners.onEnd();
    await vi.runAllTimersAsync();
    expect(server.subscriptions).toHaveLength(3);
    expect(told.map(({ status }) => status)).toEqual(["RUNNING", "SUCCESSFUL"]);
  });

  it("is given up when the connection is lost again and again", async () => {
    const failed = new Promise((resolve) => {
      transport.watchProgress(address, { onUpdate: () => {}, onError: resolve });
    });
    for (let lost = 0; lost < 10; lost++) {
      server.subscriptions[lost]?.listeners.onEnd();
      await vi.runAllTimersAsync();
    }
    expect(await failed).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(server.subscriptions).toHaveLength(10);
  });

  it("goes on for as long as connections last, though nothing changes", async () => {
    const onError = vi.fn();
    transport.watchProgress(address, { onUpdate: () => {}, onError });
    for (let minute = 0; minute < 30; minute++) {
      const { listeners } = server.subscriptions[minute] ?? expect.fail("it was given up");
      listeners.onOpen();
      await vi.advanceTimersByTimeAsync(60_000);
      listeners.onEnd();
      await vi.runAllTimersAsync();
    }
    expect(onError).not.toHaveBeenCalled();
  });

  it("ends with what a listener throws", async () => {
    const bug = new Error("bug");
    const failed = new Promise((resolve) => {
      const onUpdate = () => {
        throw bug;
      };
      transport.watchProgress(address, { onUpdate, onError: resolve });
    });
    server.subscriptions[0]?.listeners.onEvent({ id: "a", data: { status: "RUNNING", progress: 1 } });
    expect(await failed).toBe(bug);
  });
});
