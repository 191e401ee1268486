import { randomBytes } from "node:crypto";

const LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** A new id that may stand in a path, such as `msg_7YoJxFpwkEy…`. */
export function newId(prefix: string): string {
  let id = prefix;
  for (const byte of randomBytes(24)) id += LETTERS[byte % LETTERS.length];
  return id;
}
