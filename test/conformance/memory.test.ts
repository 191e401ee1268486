import { memoryBackend } from "@taskwright/server/memory";
import { exerciseBackend } from "./exercise-backend.ts";

exerciseBackend({
  name: "memory",
  open: async () => {
    // As a database server's clock may be, it is not this machine's.
    const backend = memoryBackend({ readTime: () => Date.now() - 3_600_000 });
    await backend.open();
    return backend;
  },
  processes: { none: "keeps everything in one process, so that no other can share or outlive it" },
  unstorable: { none: "keeps any value in a map, so that there is no task it could refuse" },
  breakage: { none: "is a few maps, which cannot fail while their process lives" },
  footprint: { none: "shows nobody its maps; packages/server/src/backends/memory tests that they empty" },
  callers: { none: "keeps tasks in this process, where no caller has data with transactions" },
  skips: [],
});
