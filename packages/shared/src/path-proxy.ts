import { joinPath, RESERVED_NAMES } from "./task-path.ts";

/**
 * An object whose every property is again such an object, one name deeper; `leaf` gives what a path itself offers.
 *
 * The only `Proxy` of the project: `then`, symbols and whatever `leaf` names are not paths.
 */
export function pathProxy(leaf: (path: string) => Readonly<Record<string, unknown>>): unknown {
  const nodeAt = (path: string): unknown => {
    const own = path === "" ? {} : leaf(path);
    const children = new Map<string, unknown>();
    // By descriptors, so that what is a getter of the leaf's stays one.
    return new Proxy(Object.freeze(Object.create(null, Object.getOwnPropertyDescriptors(own))), {
      get: (target, name) => {
        if (typeof name === "symbol") return undefined;
        const offered = target[name];
        if (offered !== undefined) return offered;
        // No task has such a name, and they are asked for by others: `then` by await, `toJSON` by JSON.stringify.
        if (RESERVED_NAMES.has(name)) return undefined;
        let child = children.get(name);
        if (child === undefined) {
          child = nodeAt(joinPath(path, name));
          children.set(name, child);
        }
        return child;
      },
    });
  };
  return nodeAt("");
}
