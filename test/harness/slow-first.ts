import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute and more; those that begin last are waited for alone. */
const SLOW: readonly string[] = [
  "conformance/prisma-sqlite.test.ts",
  "conformance/mariadb.test.ts",
  "conformance/prisma.test.ts",
  "conformance/postgres.test.ts",
  "conformance/redis-cluster.test.ts",
  "conformance/redis.test.ts",
  "redis/growth.test.ts",
  "e2e/transaction-handlers.test.ts",
];

function placeOf({ moduleId }: TestSpecification): number {
  const place = SLOW.findIndex((name) => moduleId.endsWith(name));
  return place === -1 ? SLOW.length : place;
}

/** Lets slow files begin first, and the others in vitest's own order. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((left, right) => placeOf(left) - placeOf(right));
  }
}
