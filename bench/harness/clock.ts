/**
 * Milliseconds since an origin that all processes of this machine share, and that never jumps.
 *
 * `performance.now()` counts from the start of each process, and its `timeOrigin` is read from the wall clock, which may
 * be corrected in between.
 */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
