const MAX_SHOWN = 60;

/** A name for an error message: in quotes, with odd characters escaped, cut when long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);
}
