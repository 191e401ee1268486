import { expectTypeOf } from "vitest";
import type { Backend } from "../../backend/index.ts";
import { type MemoryBackendOptions, memoryBackend } from "./index.ts";

expectTypeOf(memoryBackend()).toEqualTypeOf<Backend>();
expectTypeOf(memoryBackend({ readTime: () => 0 })).toEqualTypeOf<Backend>();
expectTypeOf<MemoryBackendOptions>().toEqualTypeOf<{ readonly readTime?: () => number }>();
// @ts-expect-error -- memory is no file
memoryBackend({ file: "tasks.db" });
// @ts-expect-error -- it tells the time, at once
memoryBackend({ readTime: async () => 0 });
