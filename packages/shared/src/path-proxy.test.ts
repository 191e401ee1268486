import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { pathProxy } from "./path-proxy.ts";
import { RESERVED_NAMES } from "./task-path.ts";

// biome-ignore lint/suspicious/noExplicitAny: any path is a property
type Node = any;

function proxy(): { readonly root: Node; readonly asked: string[] } {
  const asked: string[] = [];
  const root = pathProxy((path) => {
    asked.push(path);
    return { delay: () => path };
  });
  return { root, asked };
}

describe("a path proxy", () => {
  it("offers the leaf's functions at every path", () => {
    const { root } = proxy();
    expect(root.a.delay()).toBe("a");
    expect(root.a.b.c.delay()).toBe("a.b.c");
  });

  it("asks what is a getter of the leaf's each time", () => {
    let asked = 0;
    const root: Node = pathProxy(() => ({
      get count() {
        return ++asked;
      },
    }));
    expect([root.a.count, root.a.count]).toEqual([1, 2]);
  });

  it("makes the node of a path once, and only when it is asked for", () => {
    const { root, asked } = proxy();
    expect(root.a.b).toBe(root.a.b);
    expect(root.a.b.delay).toBe(root.a.b.delay);
    expect(asked).toEqual(["a", "a.b"]);
  });

  it("is no promise: to await it gives it back at once", async () => {
    const { root } = proxy();
    expect(await root).toBe(root);
    expect(await root.a).toBe(root.a);
    expect(await Promise.all([root.a.b])).toEqual([root.a.b]);
  });

  it.each([...RESERVED_NAMES].filter((name) => name !== "delay"))("has nothing at %s", (name) => {
    const { root } = proxy();
    expect(root[name]).toBeUndefined();
    expect(root.a[name]).toBeUndefined();
  });

  it("has nothing at symbols", () => {
    const { root } = proxy();
    for (const symbol of [
      Symbol.iterator,
      Symbol.toPrimitive,
      Symbol.asyncIterator,
      inspect.custom,
      Symbol("x"),
    ]) {
      expect(root[symbol]).toBeUndefined();
      expect(root.a[symbol]).toBeUndefined();
    }
  });

  it("can be printed, compared and listed without going on for ever", () => {
    const { root, asked } = proxy();
    for (const node of [root, root.a]) {
      expect(JSON.stringify(node)).toBe("{}");
      expect(inspect(node, { depth: Number.POSITIVE_INFINITY, showHidden: true })).toMatch(
        /^\[Object: null prototype\] \{/,
      );
      expect(inspect(node, { showProxy: true })).toMatch(/^Proxy/);
      expect(format("%s %o %O %j", node, node, node, node)).toBeTypeOf("string");
      expect(node).toEqual(node);
      expect(Object.prototype.toString.call(node)).toBe("[object Object]");
      for (const name in node) expect(name).toBe("delay");
    }
    expect(Object.keys(root)).toEqual([]);
    expect(Object.keys(root.a)).toEqual(["delay"]);
    expect({ ...root }).toEqual({});
    expect("anything" in root).toBe(false);
    expect(asked).toEqual(["a"]);
  });

  it("cannot be changed", () => {
    const { root } = proxy();
    for (const node of [root, root.a]) {
      expect(() => {
        node.delay = () => "other";
      }).toThrow(TypeError);
      expect(() => {
        delete node.delay;
        node.x = 1;
      }).toThrow(TypeError);
      expect(() => Object.defineProperty(node, "x", { value: 1 })).toThrow(TypeError);
      expect(() => Object.setPrototypeOf(node, {})).toThrow(TypeError);
    }
    expect(root.a.delay()).toBe("a");
  });

  it("is not to be called or constructed", () => {
    const { root } = proxy();
    expect(() => root()).toThrow(TypeError);
    expect(() => root.a()).toThrow(TypeError);
  });
});
