import { isTaskError, TaskError } from "@taskwright/shared";
import type { Backend } from "../../backend/index.ts";
import { withOutbox } from "../outboxes/with-outbox.ts";
import { RedisSource } from "./connection.ts";
import { diagnose } from "./diagnose.ts";
import { toTaskError } from "./driver-errors.ts";
import { redisLeaseSource } from "./lease-source.ts";
import { redisMaintenance } from "./maintenance.ts";
import { StoreHandle } from "./opened-store.ts";
import { type RedisBackendOptions, resolveRedisOptions } from "./options.ts";
import { redisScheduleStore } from "./schedule-store.ts";
import { checkServers } from "./server-check.ts";
import { redisTaskInspector } from "./task-inspector.ts";
import { redisTaskStore } from "./task-store.ts";

/** The server works on one while the next is made. */
const BATCHES_AT_ONCE = 2;

async function readTime(handle: StoreHandle): Promise<number> {
  try {
    const [seconds, micros] = (await handle.client.call("time", [])) as [string, string];
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  } catch (error) {
    throw toTaskError(error);
  }
}

/** Keeps task results in Redis, Valkey or a Redis Cluster, through the package `ioredis`. */
export function redisBackend(options: RedisBackendOptions): Backend {
  const resolved = resolveRedisOptions(options);
  const source = new RedisSource(options);
  const handle = new StoreHandle(resolved, source);
  let opening: Promise<void> | null = null;

  const open = async (): Promise<void> => {
    const { client, isCluster } = await source.connect();
    handle.use(client, isCluster);
    try {
      await checkServers(handle);
    } catch (error) {
      handle.leave();
      source.end();
      throw isTaskError(error)
        ? error
        : new TaskError({ code: "BACKEND_UNAVAILABLE", message: String(error) });
    }
    handle.wakeups.open();
  };

  const backend: Backend = {
    kind: "redis",
    batchesAtOnce: BATCHES_AT_ONCE,
    store: redisTaskStore(handle),
    leases: redisLeaseSource(handle),
    maintenance: redisMaintenance(handle),
    inspector: redisTaskInspector(handle),
    wakeups: handle.wakeups,
    schedules: redisScheduleStore(handle),
    ...(resolved.claimTimeoutMs === null ? {} : { defaultLeaseMs: resolved.claimTimeoutMs }),
    readTime: () => readTime(handle),
    diagnose: () => diagnose(handle),
    open: () => {
      opening ??= open().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      return opening;
    },
    close: async () => {
      // Whoever opened it has been told why that failed.
      await opening?.catch(() => undefined);
      opening = null;
      await handle.wakeups.close();
      handle.leave();
      source.end();
    },
  };
  return withOutbox(backend, `redis:${resolved.keyPrefix}`, options.outbox);
}
