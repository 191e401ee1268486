import { memoryBackend } from "@taskwright/server/memory";
import { exerciseBackend } from "./exercise-backend.ts";

exerciseBackend({
  name: "memory",
  open: async () => {
    const backend = memoryBackend({ readTime: Date.now });
    await backend.open();
    return backend;
  },
  processes: { none: "keeps everything in one process, so that no other can share or outlive it" },
  unstorable: { none: "keeps any value in a map, so that there is no task it could refuse" },
  breakage: { none: "is a few maps, which cannot fail while their process lives" },
  footprint: { none: "shows nobody its maps; packages/server/src/backends/memory tests that they empty" },
  skips: [],
});
