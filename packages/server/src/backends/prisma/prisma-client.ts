/** What runs raw SQL: any Prisma 7 client, generated or extended, and the client of a transaction. */
export interface RawRunner {
  // biome-ignore lint/suspicious/noExplicitAny: as the generated clients declare it
  $queryRawUnsafe<T = unknown>(query: string, ...values: any[]): PromiseLike<T>;
  // biome-ignore lint/suspicious/noExplicitAny: as the generated clients declare it
  $executeRawUnsafe(query: string, ...values: any[]): PromiseLike<number>;
}

/** What is used of a Prisma 7 client, so that no generated types are needed. */
export interface PrismaLike extends RawRunner {
  $connect(): PromiseLike<void>;
  $transaction<R>(
    // biome-ignore lint/suspicious/noExplicitAny: the transaction's client has the caller's own models
    run: (tx: any) => Promise<R>,
    options?: {
      readonly maxWait?: number;
      readonly timeout?: number;
      // biome-ignore lint/suspicious/noExplicitAny: an enumeration of the generated client
      readonly isolationLevel?: any;
    },
  ): Promise<R>;
}

/** Whether a value can be used as a Prisma client; the client of a transaction cannot, as it ends with it. */
export function isPrismaClient(value: unknown): value is PrismaLike {
  const client = value as Partial<PrismaLike> | null;
  return (
    (typeof client === "object" || typeof client === "function") &&
    typeof client?.$queryRawUnsafe === "function" &&
    typeof client.$executeRawUnsafe === "function" &&
    typeof client.$transaction === "function" &&
    typeof client.$connect === "function"
  );
}
