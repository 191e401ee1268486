/** Hangs a value under a path such as `billing.invoice` into nested objects. */
export function nestByPath(root: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() as string;
  let node = root;
  for (const name of names) {
    // Names such as toLocaleString are there in every object; what they mean is shared by the whole process.
    if (!Object.hasOwn(node, name)) node[name] = {};
    node = node[name] as Record<string, unknown>;
  }
  node[last] = value;
}
