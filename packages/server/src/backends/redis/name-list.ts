/** Names in one text, in which `find` of scripts finds `\0:<name>\0`; no name has a NUL. */
export function nameList(names: readonly string[]): string {
  return `\0${names.map((name) => `:${name}\0`).join("\0")}`;
}
