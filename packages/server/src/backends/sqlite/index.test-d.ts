import type { Duration } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type { Backend, Outbox } from "../../backend/index.ts";
import { type SqliteBackendOptions, sqliteBackend } from "./index.ts";

expectTypeOf(sqliteBackend({ file: "tasks.db" })).toEqualTypeOf<Backend>();
sqliteBackend({ file: "tasks.db", durability: "process", lockTimeout: "5s" });
expectTypeOf<SqliteBackendOptions["lockTimeout"]>().toEqualTypeOf<Duration | undefined>();
// @ts-expect-error -- it needs a file
sqliteBackend({});
// @ts-expect-error -- and options
sqliteBackend();
// @ts-expect-error -- no such durability
sqliteBackend({ file: "tasks.db", durability: "none" });
// @ts-expect-error -- a number has no unit
sqliteBackend({ file: "tasks.db", lockTimeout: 5 });
// @ts-expect-error -- an unknown option
sqliteBackend({ path: "tasks.db", file: "tasks.db" });
declare const outbox: Outbox;
sqliteBackend({ file: "tasks.db", outbox });
