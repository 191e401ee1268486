import { expectTypeOf } from "vitest";
import type { Outbox } from "../../backend/index.ts";
import { type PrismaOutboxOptions, type PrismaProvider, prismaOutbox } from "./index.ts";

interface GeneratedClient {
  $connect(): Promise<void>;
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  $transaction<R>(fn: (tx: Omit<GeneratedClient, "$connect">) => Promise<R>): Promise<R>;
}
declare const client: GeneratedClient;
declare const transaction: Omit<GeneratedClient, "$connect">;

expectTypeOf(prismaOutbox(client)).toEqualTypeOf<Outbox>();
prismaOutbox(client, { provider: "mariadb", schema: "app", tablePrefix: "tw_" });
expectTypeOf<PrismaOutboxOptions["provider"]>().toEqualTypeOf<PrismaProvider | undefined>();
// @ts-expect-error -- the client of a transaction ends with it
prismaOutbox(transaction);
// @ts-expect-error -- no such database
prismaOutbox(client, { provider: "oracle" });
// @ts-expect-error -- workers relay, nobody listens
prismaOutbox(client, { pool: {} });
