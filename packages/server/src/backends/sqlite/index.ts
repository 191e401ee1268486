export type { SqliteBackendOptions } from "./options.ts";
export { sqliteBackend } from "./sqlite-backend.ts";
