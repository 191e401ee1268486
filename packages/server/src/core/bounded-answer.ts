import type { Host } from "./host.ts";

/** Resolves to whether `running` has settled, one way or the other, within `ms`. */
export function endsWithin(host: Host, ms: number, running: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const stopTimer = host.setTimer(ms, () => resolve(false), { keepAlive: true });
    const ended = () => {
      stopTimer();
      resolve(true);
    };
    running.then(ended, ended);
  });
}

/**
 * What `call` gives, or a rejection with `late()` when it takes longer than `ms`.
 *
 * @param onLate is given what comes after all
 */
export function answerWithin<T>(
  host: Host,
  call: () => Promise<T>,
  limit: { readonly ms: number; readonly late: () => Error; readonly onLate?: (answer: T) => void },
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const running = call();
    const stopTimer = host.setTimer(
      limit.ms,
      () => {
        isLate = true;
        reject(limit.late());
      },
      { keepAlive: true },
    );
    running.then(
      (answer) => {
        stopTimer();
        if (isLate) limit.onLate?.(answer);
        else resolve(answer);
      },
      (error: unknown) => {
        stopTimer();
        reject(error);
      },
    );
  });
}
