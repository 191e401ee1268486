import { memoryBackend } from "@taskwright/server/memory";
import { afterAll, beforeAll } from "vitest";
import { generateClient } from "../harness/prisma/generated-client.ts";
import {
  exerciseQstash,
  exerciseQstashAlone,
  exerciseQstashOutbox,
  exerciseQstashServers,
  exerciseQstashStore,
} from "./exercise-qstash.ts";
import { listenForQstash, stopListening } from "./local-qstash.ts";
import { openStore as openSqlite } from "./open-sqlite.ts";
import { SQLITE_PLACE } from "./outbox-cases.ts";

await generateClient("sqlite");

// As a database server's clock may be, it is not this machine's.
const openMemory = () => memoryBackend({ readTime: () => Date.now() - 3_600_000 });

beforeAll(listenForQstash);
afterAll(stopListening);

exerciseQstashStore({ store: "memory", open: async () => openMemory() });
exerciseQstashServers({ store: "memory", open: async () => openMemory() });
exerciseQstash({ store: "memory", open: async () => openMemory() });
exerciseQstash({ store: "sqlite", open: openSqlite });
exerciseQstashAlone();
exerciseQstashOutbox(SQLITE_PLACE, openMemory);
exerciseQstashOutbox(SQLITE_PLACE);
