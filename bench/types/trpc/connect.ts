import { createTRPCClient, httpBatchLink, type TRPCClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";

/** Makes a client that is type-checked and never runs. */
export function connect<TRouter extends AnyTRPCRouter>(): TRPCClient<TRouter> {
  return createTRPCClient<TRouter>({ links: [httpBatchLink<AnyTRPCRouter>({ url: "/trpc" })] });
}
