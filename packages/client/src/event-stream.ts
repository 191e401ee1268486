import { ForeignAnswer } from "./checked-fetch.ts";
import type { ServerAddress } from "./server-address.ts";
import type { EventListeners } from "./trpc-caller.ts";

/** Longer silence may be a connection that is gone; whoever reads comes back, and misses nothing. */
const LONGEST_SILENCE_MS = 5 * 60_000;
/** No event of ours is a tenth as long. */
const LONGEST_EVENT = 1024 * 1024;
const OK = 200;

interface Fields {
  event: string;
  data: string;
  id: string;
}

/** An error as tRPC's client makes it of what the server said, where that was written by the same transformer. */
function refusal(shape: unknown, status: number): Error {
  if (typeof shape !== "object" || shape === null || !("data" in shape)) return new ForeignAnswer(status);
  return Object.assign(new Error("message" in shape ? String(shape.message) : ""), {
    shape,
    data: shape.data,
  });
}

/** The events of a text, in which each ends with an empty line; what is left is the beginning of the next. */
function cut(text: string): { readonly events: readonly Fields[]; readonly rest: string } {
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop() ?? "";
  const events = blocks.map((block) => {
    const fields: Fields = { event: "message", data: "", id: "" };
    for (const line of block.split("\n")) {
      const [, name, value = ""] = /^(event|data|id): ?(.*)$/.exec(line) ?? [];
      if (name !== undefined) fields[name as keyof Fields] = value;
    }
    return fields;
  });
  return { events, rest };
}

/**
 * Reads a subscription of tRPC as server-sent events, until the server ends it or the connection is lost.
 *
 * By `fetch` and not by `EventSource`, which cannot send headers and is not there in Node.
 */
export async function readEvents(
  facts: ServerAddress,
  request: { readonly path: string; readonly input: object; readonly signal: AbortSignal },
  { onOpen, onEvent }: Pick<EventListeners, "onOpen" | "onEvent">,
): Promise<void> {
  const { url, headers, fetch = globalThis.fetch, transformer } = facts;
  const { input, output } =
    transformer === undefined || "input" in transformer
      ? (transformer ?? { input: undefined, output: undefined })
      : { input: transformer, output: transformer };
  const read = (value: unknown, status: number): unknown => {
    try {
      return output === undefined ? value : output.deserialize(value);
    } catch {
      // What came is whole, so another transformer has written it.
      throw new ForeignAnswer(status);
    }
  };
  const decode = (text: string): unknown => read(JSON.parse(text), OK);

  const ending = new AbortController();
  const stop = () => ending.abort();
  request.signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, facts.connectMs);
  try {
    const [base = "", query] = url.split("?");
    const encoded = JSON.stringify(input === undefined ? request.input : input.serialize(request.input));
    const response = await fetch(
      `${base.replace(/\/$/, "")}/${request.path}?${query === undefined ? "" : `${query}&`}input=${encodeURIComponent(encoded)}`,
      {
        headers: {
          ...(typeof headers === "function" ? await headers() : headers),
          accept: "text/event-stream",
        },
        signal: ending.signal,
      },
    );
    if (response.headers.get("content-type")?.includes("json") === true) {
      const { error } = (await response.json()) as { readonly error?: unknown };
      throw refusal(read(error, response.status), response.status);
    }
    if (!response.ok || response.body === null) throw new ForeignAnswer(response.status);
    onOpen();
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      clearTimeout(timer);
      timer = setTimeout(stop, LONGEST_SILENCE_MS);
      const { done, value } = await reader.read();
      if (done) return;
      const { events, rest } = cut(text + decoder.decode(value, { stream: true }));
      text = rest;
      if (text.length > LONGEST_EVENT) throw new Error("The server sent an event that is too long.");
      for (const { event, data, id } of events) {
        if (event === "return") return;
        if (event === "serialized-error") throw refusal(decode(data), OK);
        if (event === "message" && id !== "") onEvent({ id, data: decode(data) });
      }
    }
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", stop);
    ending.abort();
  }
}
