import { expectTypeOf } from "vitest";
import type { Backend } from "../../backend/index.ts";
import {
  type PrismaBackendOptions,
  type PrismaLike,
  type PrismaProvider,
  prismaBackend,
  type RawRunner,
} from "./index.ts";

/** As the generated clients declare themselves, in short. */
interface GeneratedClient {
  $connect(): Promise<void>;
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
  // biome-ignore lint/suspicious/noExplicitAny: as generated
  $transaction<P extends Promise<any>[]>(arg: [...P]): Promise<unknown[]>;
  $transaction<R>(
    fn: (tx: Omit<GeneratedClient, "$connect">) => Promise<R>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: "ReadCommitted" },
  ): Promise<R>;
}
declare const client: GeneratedClient;
declare const transaction: Omit<GeneratedClient, "$connect">;

expectTypeOf<GeneratedClient>().toExtend<PrismaLike>();
expectTypeOf(transaction).toExtend<RawRunner>();
expectTypeOf(prismaBackend(client)).toEqualTypeOf<Backend<Omit<GeneratedClient, "$connect">>>();
prismaBackend(client, { provider: "postgresql", schema: "tasks", tablePrefix: "tw_" });
expectTypeOf<PrismaBackendOptions["provider"]>().toEqualTypeOf<PrismaProvider | undefined>();
// @ts-expect-error -- the client of a transaction ends with it
prismaBackend(transaction);
// @ts-expect-error -- it needs a client
prismaBackend({});
// @ts-expect-error -- no such database
prismaBackend(client, { provider: "oracle" });
