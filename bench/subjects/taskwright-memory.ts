import { memoryBackend } from "@taskwright/server/memory";
import { taskwright } from "./taskwright.ts";

/** No store at all: what is left is our own JavaScript. */
export const taskwrightMemory = taskwright({
  name: "taskwright-memory",
  isShared: false,
  createStore: async () => "memory",
  backend: () => memoryBackend(),
});
