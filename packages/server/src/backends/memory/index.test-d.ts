import { expectTypeOf } from "vitest";
import type { Backend, Outbox } from "../../backend/index.ts";
import { type MemoryBackendOptions, memoryBackend } from "./index.ts";

expectTypeOf(memoryBackend()).toEqualTypeOf<Backend>();
expectTypeOf(memoryBackend({ readTime: () => 0 })).toEqualTypeOf<Backend>();
declare const outbox: Outbox;
expectTypeOf(memoryBackend({ outbox })).toEqualTypeOf<Backend>();
expectTypeOf<MemoryBackendOptions>().toEqualTypeOf<{
  readonly readTime?: () => number;
  readonly outbox?: Outbox;
}>();
// @ts-expect-error -- an outbox is made of a client
memoryBackend({ outbox: {} });
// @ts-expect-error -- memory is no file
memoryBackend({ file: "tasks.db" });
// @ts-expect-error -- it tells the time, at once
memoryBackend({ readTime: async () => 0 });
