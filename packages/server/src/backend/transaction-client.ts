/** The client of a Prisma transaction: the `tx` of `prisma.$transaction(async (tx) => …)`. */
export interface PrismaTransactionClient {
  // biome-ignore lint/suspicious/noExplicitAny: as the generated clients declare it
  $queryRawUnsafe(query: string, ...values: any[]): PromiseLike<unknown>;
  /** Never there: the client itself has it, and what it runs is in no transaction. */
  readonly $connect?: "give the tx of prisma.$transaction(async (tx) => …), not the client itself";
}

/** A client of `pg` on which a transaction has begun. */
export interface PgTransactionClient {
  // biome-ignore lint/suspicious/noExplicitAny: as pg declares it
  query(query: any, values?: any): any;
  release?(error?: Error | boolean): void;
  /** Never there: a pool has it, and what it runs is in no transaction. */
  readonly totalCount?: "give the client that pool.connect() gave, after BEGIN, not the pool itself";
}

/** What `withTransaction` takes: the client of a transaction that someone else runs. */
export type TransactionClient = PrismaTransactionClient | PgTransactionClient;

/** What begins transactions as a Prisma client does. */
interface PrismaTransactionSource {
  $connect(): PromiseLike<void>;
  // biome-ignore lint/suspicious/noExplicitAny: as the generated clients declare it
  $transaction(run: (tx: any) => Promise<any>, options?: any): Promise<any>;
}

/** What hands out clients as a `pg.Pool` does. */
interface PgTransactionSource {
  // biome-ignore lint/suspicious/noExplicitAny: as pg declares it
  connect(): Promise<any>;
  readonly totalCount: number;
}

/** What `client.transaction` takes: a Prisma client or a `pg.Pool`. */
export type TransactionSource = PrismaTransactionSource | PgTransactionSource;

/** The client of the transactions that a Prisma client, generated or extended, or a `pg.Pool` begins. */
export type TransactionOf<TSource> = TSource extends {
  $transaction(run: (tx: infer TTransaction) => Promise<unknown>, ...more: never): unknown;
}
  ? TTransaction
  : TSource extends { connect: { (): Promise<infer TClient>; (callback: never): void } }
    ? TClient
    : never;

/** What a source's transactions can be begun with: Prisma's `maxWait`, `timeout` and `isolationLevel`. */
export type TransactionOptionsOf<TSource> = TSource extends {
  // biome-ignore lint/suspicious/noExplicitAny: as the generated clients declare it
  $transaction(run: (tx: any) => Promise<any>, options?: infer TOptions): unknown;
}
  ? TOptions
  : undefined;
