import { expectTypeOf } from "vitest";
import type { ContextRequest } from "./engine.ts";

expectTypeOf<ContextRequest>().toEqualTypeOf<{
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly attempt: number;
}>();
declare const request: ContextRequest;
// @ts-expect-error -- a context is made for an attempt, whatever its input
request.input;
