import { checkRequestKey } from "@taskwright/shared";
import type { Host } from "../core/host.ts";

/**
 * The id of the task at each place of a call that may be repeated: the same for the same key, caller and path, a UUIDv8.
 *
 * Null for a call without a key, which gets new ids.
 */
export function requestIds(
  host: Pick<Host, "sha256">,
  request: { readonly key: unknown; readonly scope: string | null; readonly path: string },
): ((index: number) => string) | null {
  const { key, scope, path } = request;
  checkRequestKey(key);
  if (key === undefined) return null;
  const caller = scope === null ? "anonymous" : `scope\0${scope}`;
  return (index) => {
    const hash = host.sha256(`request\0${caller}\0${path}\0${key}\0${index}`);
    const variant = (8 + (Number.parseInt(hash.slice(16, 17), 16) % 4)).toString(16);
    return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  };
}
