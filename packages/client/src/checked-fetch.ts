/** An answer that is none of tRPC's, which is always JSON: that of a proxy, a gateway or another server. */
export class ForeignAnswer extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status} without JSON`);
    this.status = status;
  }
}

/** A fetch that rejects with a {@link ForeignAnswer} where tRPC's client could only say that it is no JSON. */
export function checkedFetch(fetch: typeof globalThis.fetch | undefined): typeof globalThis.fetch {
  return async (...request) => {
    // Looked up at each call, since test tools put another in its place.
    const response = await (fetch ?? globalThis.fetch)(...request);
    if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) return response;
    // Nobody reads the rest, and its end would be waited for.
    response.body?.cancel().catch(() => {});
    throw new ForeignAnswer(response.status);
  };
}
