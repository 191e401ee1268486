import { createTRPCClient, httpBatchLink } from "@trpc/client";

export const client = createTRPCClient({ links: [httpBatchLink({ url: "/trpc" })] });
