// Opens the store of a case on PostgreSQL through Prisma: for prisma.test.ts, and for the processes that it starts.
import type { Backend } from "@taskwright/server/backend";
import { prismaBackend } from "@taskwright/server/prisma";
import { prismaOn } from "../harness/prisma/generated-client.ts";
import { postgresUrl, schemaOf } from "./open-postgres.ts";
import type { StoreContext } from "./store-fixture.ts";

/** Makes the backend of a case at a URL; closing it disconnects its client too. */
export async function prismaStore(context: StoreContext, url: string): Promise<Backend> {
  const client = await prismaOn(url);
  const backend = prismaBackend(client, { schema: schemaOf(context) });
  return {
    ...backend,
    close: async () => {
      await backend.close();
      await client.$disconnect();
    },
  };
}

/** Opens the case's schema, which is there. */
export async function openStore(context: StoreContext): Promise<Backend> {
  const backend = await prismaStore(context, postgresUrl());
  await backend.open();
  return backend;
}
