import type { Subject } from "../harness/subject.ts";

/** The subjects of each suite, in the order in which they take turns; loaded only when asked for. */
const SUITES: Readonly<Record<string, () => Promise<readonly Subject[]>>> = {
  sqlite: async () => [
    (await import("./taskwright-sqlite.ts")).taskwrightSqlite,
    (await import("./raw-sqlite/index.ts")).rawSqlite,
  ],
  postgres: async () => [
    (await import("./taskwright-prisma.ts")).taskwrightPrisma,
    (await import("./taskwright-postgres.ts")).taskwrightPostgres,
    (await import("./raw-postgres/index.ts")).rawPostgres,
    (await import("./graphile-worker.ts")).graphileWorker,
    (await import("./pg-boss.ts")).pgBoss,
  ],
  mariadb: async () => [
    (await import("./taskwright-mariadb.ts")).taskwrightMariadb,
    (await import("./raw-mariadb/index.ts")).rawMariadb,
  ],
  redis: async () => [
    (await import("./taskwright-redis.ts")).taskwrightRedis,
    (await import("./raw-redis/index.ts")).rawRedis,
    (await import("./bullmq.ts")).bullMq,
    (await import("./bee-queue.ts")).beeQueue,
  ],
  memory: async () => [(await import("./taskwright-memory.ts")).taskwrightMemory],
};

/** By suite: what to say of its server. */
const SERVERS: Readonly<Record<string, () => Promise<string>>> = {
  postgres: async () => (await import("./postgres-server.ts")).describePostgres(),
  mariadb: async () => (await import("./mariadb-server.ts")).describeMariadb(),
  redis: async () => (await import("./redis-server.ts")).describeRedis(),
};

export const SUITE_NAMES: readonly string[] = Object.keys(SUITES);

/** The subjects of a suite. */
export async function subjectsOf(suite: string): Promise<readonly Subject[]> {
  const load = SUITES[suite];
  if (load === undefined)
    throw new Error(`There is no suite "${suite}"; there is: ${SUITE_NAMES.join(", ")}.`);
  return load();
}

/** The server of a suite's stores, for people; null where they need none. */
export async function describeServer(suite: string): Promise<string | null> {
  return (await SERVERS[suite]?.()) ?? null;
}

/** One subject of a suite, by its name. */
export async function findSubject(suite: string, name: string): Promise<Subject> {
  const found = (await subjectsOf(suite)).find((subject) => subject.name === name);
  if (found === undefined) throw new Error(`The suite ${suite} has no subject "${name}".`);
  return found;
}
