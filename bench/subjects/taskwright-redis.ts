import { redisBackend } from "@taskwright/server/redis";
import { createDatabase, emptyDatabase, meterRedis } from "./redis-server.ts";
import { taskwright } from "./taskwright.ts";

const DATABASE = 13;

/** Taskwright on its Redis backend. */
export const taskwrightRedis = taskwright({
  name: "taskwright",
  isShared: true,
  createStore: () => createDatabase(DATABASE),
  removeStore: emptyDatabase,
  backend: (url) => redisBackend({ url, keyPrefix: "taskwright" }),
  meter: meterRedis,
});
