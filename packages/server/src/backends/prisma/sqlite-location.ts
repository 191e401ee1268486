import { existsSync } from "node:fs";
import { TaskError } from "@taskwright/shared";
import type { RawRunner } from "./prisma-client.ts";

interface AttachedDatabase {
  readonly name: string;
  readonly file: string | null;
}

/** The file that a client, or the client of a transaction, leads to; empty for a database in memory. */
export async function mainFileOf(runner: RawRunner): Promise<string> {
  const databases = await runner.$queryRawUnsafe<readonly AttachedDatabase[]>("PRAGMA database_list");
  return databases.find(({ name }) => name === "main")?.file ?? "";
}

function notSupported(message: string): TaskError {
  return new TaskError({ code: "NOT_SUPPORTED", message });
}

/** Asks a client where its database is; throws NOT_SUPPORTED unless that is a file of this machine. */
export async function sqliteFileOf(client: RawRunner): Promise<string> {
  let file: string;
  try {
    file = await mainFileOf(client);
  } catch (error) {
    throw new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: "The Prisma client did not say which SQLite file it leads to; can it connect?",
      cause: error,
    });
  }
  if (file === "") {
    throw notSupported(
      "prismaBackend() needs a SQLite database in a file, and this client's is in memory, where no other process can reach it. Give its adapter a file, or use memoryBackend() of @taskwright/server/memory.",
    );
  }
  if (!existsSync(file)) {
    throw notSupported(
      `prismaBackend() needs a SQLite database on this machine, and there is no file ${file}: it seems to be on a server.`,
    );
  }
  return file;
}
