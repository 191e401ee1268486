import { randomFillSync } from "node:crypto";

const RANDOM_BYTES_PER_ID = 16;
const pool = new Uint8Array(RANDOM_BYTES_PER_ID * 512);
let used = pool.length;

/** Sixteen random bytes, drawn from the system 512 times at once: one system call per id costs more than the id. */
export function pooledRandom(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += RANDOM_BYTES_PER_ID;
  return pool.slice(used - RANDOM_BYTES_PER_ID, used);
}
