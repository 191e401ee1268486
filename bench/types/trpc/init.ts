import { initTRPC } from "@trpc/server";

export const t = initTRPC.context<{ now: () => number }>().create();
