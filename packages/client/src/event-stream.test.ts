import { expect, it } from "vitest";
import { readEvents } from "./event-stream.ts";
import type { TrackedEvent } from "./trpc-caller.ts";

const address = {
  url: "http://localhost/trpc/?a=b",
  prefix: "",
  headers: undefined,
  links: [],
  transformer: undefined,
  connectMs: 10_000,
};
const request = { path: "results.progress", input: { id: "1" }, signal: new AbortController().signal };

const onOpen = () => {};

/** Reads an answer that comes in parts. */
async function read(parts: readonly string[], signal: AbortSignal = request.signal): Promise<TrackedEvent[]> {
  const events: TrackedEvent[] = [];
  const body = new ReadableStream({
    start: (controller) => {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  const fetch = async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
  await readEvents(
    { ...address, fetch },
    { ...request, signal },
    { onOpen, onEvent: (event) => events.push(event) },
  );
  return events;
}

const EVENT = 'data: {"status":"READY"}\nid: a\n\n\n';

it("reads events however they are cut up, and passes over what is none", async () => {
  const text = `event: connected\ndata: {}\n\n\n: hello\n\n\n${EVENT}event: ping\ndata: \n\n\n${EVENT.replaceAll("\n", "\r\n")}`;
  const expected = [
    { id: "a", data: { status: "READY" } },
    { id: "a", data: { status: "READY" } },
  ];
  expect(await read([text])).toEqual(expected);
  expect(await read([...text])).toEqual(expected);
});

it("ends with the event that says so, whatever comes after", async () => {
  expect(await read([EVENT, "event: return\ndata: \n\n\n", EVENT])).toHaveLength(1);
});

it("rejects with the error that the server tells", async () => {
  const error = { message: "no", data: { httpStatus: 403, code: "FORBIDDEN" } };
  await expect(read([`event: serialized-error\ndata: ${JSON.stringify(error)}\n\n\n`])).rejects.toMatchObject(
    error,
  );
});

it("keeps no endless event", async () => {
  await expect(
    read([
      "data: ",
      ..."x"
        .repeat(20)
        .split("")
        .map((x) => x.repeat(100_000)),
    ]),
  ).rejects.toThrow("too long");
});

it("asks as tRPC's own client does, with headers", async () => {
  const asked: unknown[] = [];
  const fetch = async (url: unknown, init: unknown) => {
    asked.push(url, (init as RequestInit).headers);
    return new Response("");
  };
  await readEvents({ ...address, headers: () => ({ authorization: "Bearer a" }), fetch }, request, {
    onOpen,
    onEvent: () => {},
  });
  expect(asked).toEqual([
    "http://localhost/trpc/results.progress?a=b&input=%7B%22id%22%3A%221%22%7D",
    { accept: "text/event-stream", authorization: "Bearer a" },
  ]);
});

it.each([["event: return\ndata: \n\n\n"], ["event: serialized-error\ndata: {}\n\n\n"]])(
  "lets go of the connection after %j",
  async (text) => {
    let held: AbortSignal | null | undefined;
    const fetch = async (_: unknown, init?: RequestInit) => {
      held = init?.signal;
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      });
      return new Response(body);
    };
    await readEvents({ ...address, fetch }, request, { onOpen, onEvent: () => {} }).catch(() => {});
    expect(held?.aborted).toBe(true);
  },
);
