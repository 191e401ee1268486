export type { PrismaBackendOptions } from "./options.ts";
export { prismaBackend } from "./prisma-backend.ts";
export type { PrismaLike, RawRunner } from "./prisma-client.ts";
export { type PrismaOutboxOptions, prismaOutbox } from "./prisma-outbox.ts";
export type { PrismaProvider } from "./provider.ts";
