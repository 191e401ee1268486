import { expectTypeOf } from "vitest";
import { pathProxy } from "./path-proxy.ts";

expectTypeOf(pathProxy).toEqualTypeOf<
  (leaf: (path: string) => Readonly<Record<string, unknown>>) => unknown
>();
// @ts-expect-error -- what every path offers is told by a function
pathProxy({ delay: () => {} });
