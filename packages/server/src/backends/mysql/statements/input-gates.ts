/**
 * The rows of `input_gate`, of which each enqueue holds one, shared, until its transaction ends.
 *
 * Numbers of rows are given before commits, so below the highest number that is seen there may be some that are not yet.
 * These databases tell nobody without special rights which transactions are open. But an enqueue takes its gate before it
 * takes a number: when each gate has been free at some time since a number was seen, all that took a lower one have ended.
 */
export const GATES: readonly number[] = Array.from({ length: 64 }, (_, index) => index + 1);

let last = Math.floor(Math.random() * GATES.length);

/** The gate of an enqueue: each in its turn, so that with others enqueuing all the time each is free now and then. */
export function nextGate(): number {
  last = (last + 1) % GATES.length;
  return last + 1;
}
