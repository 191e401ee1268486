import { createHash } from "node:crypto";

/** A Lua script with the digest by which a server that has it already runs it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** Puts the parts of a script together; each runs in one slot, as all its keys begin with KEYS[1]. */
export function script(...parts: readonly string[]): Script {
  const text = parts.map((part) => part.trim()).join("\n");
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Marks text as Lua, whose backslashes stay as they are. */
export const lua: typeof String.raw = String.raw;
