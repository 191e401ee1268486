import { httpBatchLink } from "@trpc/client/links/httpBatchLink";
import { httpLink } from "@trpc/client/links/httpLink";
import { checkedFetch } from "./checked-fetch.ts";
import type { ClientLink, ServerAddress } from "./server-address.ts";
import type { TrpcCaller } from "./trpc-caller.ts";

type SendOptions = Parameters<typeof httpLink>[0] & Parameters<typeof httpBatchLink>[0];
type RunningLink = ReturnType<ClientLink>;
type Operation = Parameters<RunningLink>[0]["op"];

/** Longer URLs are cut off by some proxies and servers. */
const LONGEST_URL = 2_083;
const MOST_CALLS = 50;

/** Sends a call through links, the last of which answers it; what tRPC's own client has beyond that is not needed. */
function send(links: readonly RunningLink[], op: Operation): Promise<unknown> {
  const through = (index: number, passed: Operation): ReturnType<RunningLink> => {
    const link = links[index];
    if (link === undefined) throw new TypeError("The links end without one that sends.");
    return link({ op: passed, next: (next) => through(index + 1, next) });
  };
  return new Promise((resolve, reject) => {
    through(0, op).subscribe({
      next: ({ result }) => resolve("data" in result ? result.data : undefined),
      error: reject,
      complete: () => reject(new Error("The links answered nothing.")),
    });
  });
}

/** Makes a caller of the tRPC server at a URL. Calls of one tick travel together, except waits, which would keep the others. */
export function urlCaller(address: ServerAddress): TrpcCaller {
  const { url, prefix, headers, transformer } = address;
  const common = {
    url,
    fetch: checkedFetch(address.fetch),
    ...(headers && { headers }),
    ...(transformer && { transformer }),
  } as SendOptions;
  const started = address.links.map((link) => link({}));
  const together = httpBatchLink({ ...common, maxURLLength: LONGEST_URL, maxItems: MOST_CALLS })({});
  const alone = httpLink(common)({});
  let calls = 0;
  return {
    call: async (type, path, input, signal) => {
      const sender = path === "results.wait" ? alone : together;
      const op = { id: ++calls, type, path: prefix + path, input, context: {}, signal };
      return send([...started, sender as RunningLink], op);
    },
    subscribe: (path, input, listeners) => {
      const ending = new AbortController();
      const { signal } = ending;
      import("./event-stream.ts")
        .then(({ readEvents }) => readEvents(address, { path: prefix + path, input, signal }, listeners))
        .then(
          () => signal.aborted || listeners.onEnd(),
          (error: unknown) => signal.aborted || listeners.onError(error),
        );
      return () => ending.abort();
    },
  };
}
