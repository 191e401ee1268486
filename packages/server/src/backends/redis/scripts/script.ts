import { createHash } from "node:crypto";

/** A Lua script with the digest by which a server that has it already runs it. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

/** Puts the parts of a script together; each runs in one slot, as all its keys begin with KEYS[1]. */
export function script(name: string, ...parts: readonly string[]): Script {
  const lua = parts.map((part) => part.trim()).join("\n");
  return { name, lua, sha: createHash("sha1").update(lua).digest("hex") };
}
