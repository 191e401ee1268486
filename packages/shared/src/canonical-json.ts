function write(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // Array.from, unlike map(), also visits the holes of a sparse array.
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item) ?? "null").join(",")}]`;
  const properties: string[] = [];
  // Without a comparer, sort() compares UTF-16 code units, the same in every locale.
  for (const key of Object.keys(value).sort()) {
    const text = write((value as Readonly<Record<string, unknown>>)[key]);
    if (text !== undefined) properties.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${properties.join(",")}}`;
}

/**
 * Writes a JSON-safe value as JSON whose keys are sorted at every level, so that equal values give equal text; for
 * content hashes.
 *
 * Undefined properties are left out and -0 is written as 0, as by JSON.stringify.
 */
export function canonicalJson(value: unknown): string {
  const text = write(value);
  if (text === undefined) throw new TypeError(`canonicalJson() takes a JSON value; got ${typeof value}.`);
  return text;
}
