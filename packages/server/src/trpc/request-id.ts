import { TaskError } from "@taskwright/shared";
import type { Host } from "../core/host.ts";

const SHORTEST = 16;
const LONGEST = 200;

/** Throws INVALID_OPTION for what nobody could have drawn at random. */
function checkRequestKey(key: unknown): asserts key is string {
  if (typeof key === "string" && key.length >= SHORTEST && key.length <= LONGEST) return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `requestKey must be a random string of ${SHORTEST} to ${LONGEST} characters, new for each call, such as a UUID.`,
    data: { option: "requestKey" },
  });
}

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
  if (key === undefined) return null;
  checkRequestKey(key);
  const caller = scope === null ? "anonymous" : `scope\0${scope}`;
  return (index) => {
    const hash = host.sha256(`request\0${caller}\0${path}\0${key}\0${index}`);
    const variant = (8 + (Number.parseInt(hash.slice(16, 17), 16) % 4)).toString(16);
    return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  };
}
