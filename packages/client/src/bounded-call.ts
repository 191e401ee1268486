import type { AbortSignalLike } from "@taskwright/shared";

/** Makes a call that is aborted after `ms`, or with `signal`; it then rejects whether or not the call does. */
export function boundedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  ms: number,
  signal: AbortSignalLike | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    const end = () => {
      ending.abort();
      reject(new Error(signal?.aborted === true ? "aborted" : `no answer within ${ms} ms`));
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    };
    call(ending.signal).then(resolve, reject).finally(settle);
  });
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(ms: number, signal: AbortSignalLike | null = null): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (signal?.aborted === true) end();
  });
}

/** How long to wait before try number `tries + 1`: doubled each time, up to 5 s, half of it by chance. */
export function pauseBefore(tries: number): number {
  const longest = Math.min(200 * 2 ** tries, 5_000);
  return longest / 2 + (Math.random() * longest) / 2;
}
