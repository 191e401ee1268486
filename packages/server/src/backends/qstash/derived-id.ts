import { createHash } from "node:crypto";

/** A UUID that is the same wherever it is made of the same text; `last` is its last digit, by which some stores place it. */
export function derivedId(text: string, last?: string): string {
  const hash = createHash("sha256").update(text).digest("hex");
  const variant = (8 + (Number.parseInt(hash.slice(15, 16), 16) % 4)).toString(16);
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(12, 15)}-${variant}${hash.slice(16, 19)}-${hash.slice(19, 31)}`;
  return last === undefined ? id : id.slice(0, -1) + last;
}
