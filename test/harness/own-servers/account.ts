import { spawnSync } from "node:child_process";

/** An account of this machine. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the account that a server is to run as: null, the own one, unless this process is root, as which servers refuse
 * to run. Then it is the first of these names that exists, else `nobody`; throws where there is none.
 */
export function accountFor(names: readonly string[]): Account | null {
  if (process.getuid?.() !== 0) return null;
  const candidates = [...names, "nobody"];
  for (const name of candidates) {
    const [uid, gid] = [idOf("-u", name), idOf("-g", name)];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error(`a server does not run as root, and there is no account ${candidates.join(" or ")}`);
}

function idOf(option: string, name: string): number | undefined {
  const { status, stdout } = spawnSync("id", [option, name], { encoding: "utf8" });
  return status === 0 ? Number(stdout) : undefined;
}
