/** How much one statement carries, well below what servers let through (max_allowed_packet). */
const LARGEST_STATEMENT = 2_000_000;

/** Items with their JSON, in parts none of which is larger than a statement should be unless a single item is. */
export function partsBySize<T>(
  items: readonly T[],
  toJson: (item: T) => string,
): readonly { readonly items: readonly T[]; readonly json: string }[] {
  const parts: { items: T[]; texts: string[] }[] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const text = toJson(item);
    size += text.length;
    if (size > LARGEST_STATEMENT) {
      parts.push({ items: [], texts: [] });
      size = text.length;
    }
    parts.at(-1)?.items.push(item);
    parts.at(-1)?.texts.push(text);
  }
  return parts.map((part) => ({ items: part.items, json: `[${part.texts.join(",")}]` }));
}
