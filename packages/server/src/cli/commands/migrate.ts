import { resolve } from "node:path";
import type { Command } from "commander";
import type { OpenedBackend } from "../../core/opened-backend.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { missingMigrations, writeMigration } from "../prisma-migrations.ts";
import { counted } from "../terminal-text.ts";

const PRISMA_FOLDER = "prisma/migrations";

interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly prisma?: string | true;
}

/** What became of one backend's tables; `statements` is null where they are made at open. */
interface Migrated {
  readonly backend: string;
  readonly kind: string;
  readonly statements: readonly string[] | null;
}

/** The files that were, or would be, written for one backend; null where tables are made at open. */
interface Written {
  readonly backend: string;
  readonly kind: string;
  readonly files: readonly { readonly path: string; readonly text: string }[] | null;
}

async function migrateOne({ name, backend }: OpenedBackend, isDryRun: boolean): Promise<Migrated> {
  const { kind, schema } = backend;
  try {
    const statements = schema === undefined ? null : await (isDryRun ? schema.pending() : schema.migrate());
    return { backend: name, kind, statements };
  } finally {
    await backend.close();
  }
}

async function writeOne(
  { name, backend }: OpenedBackend,
  folder: string,
  isDryRun: boolean,
): Promise<Written> {
  const { kind, schema } = backend;
  try {
    if (schema === undefined) return { backend: name, kind, files: null };
    const files = missingMigrations(folder, await schema.written(), { backend: name, at: new Date() });
    if (!isDryRun) for (const file of files) writeMigration(file);
    return { backend: name, kind, files };
  } finally {
    await backend.close();
  }
}

function describe({ backend, kind, statements }: Migrated, isDryRun: boolean): string {
  if (statements === null) return describeSelfMade(backend, kind);
  if (statements.length === 0) return `-- ${backend} (${kind}) is up to date.\n`;
  if (isDryRun) return `-- ${backend} (${kind})\n${statements.map((text) => `${text};\n`).join("")}`;
  return `-- ${backend} (${kind}): ${counted(statements.length, "statement")} run, up to date now.\n`;
}

function describeSelfMade(backend: string, kind: string): string {
  return `-- ${backend} (${kind}) has nothing to migrate: what it needs it makes when it opens.\n`;
}

function describeWritten({ backend, kind, files }: Written, isDryRun: boolean): string {
  if (files === null) return describeSelfMade(backend, kind);
  if (files.length === 0) return `-- ${backend} (${kind}): all of its migrations are there.\n`;
  return files
    .map(({ path, text }) =>
      isDryRun
        ? `-- ${backend} (${kind}): would write ${path}\n${text}`
        : `-- ${backend} (${kind}): wrote ${path}\n`,
    )
    .join("");
}

/** Adds `taskwright migrate`. */
export function addMigrateCommand(program: Command, app: CliApp): void {
  const command = program
    .command("migrate")
    .summary("make or update the tables of databases")
    .description(
      "Make the tables of each database that the config's backends use, or bring them to this version, under a lock.",
    )
    .option("--dry-run", "print the SQL and change nothing")
    .option(
      "--prisma [folder]",
      `write what it would run into a folder of Prisma migrations instead, for prisma migrate deploy (default: ${PRISMA_FOLDER})`,
    )
    .option("--json", "print JSON: [{ backend, kind, statements }], with --prisma [{ backend, kind, files }]")
    .action(async ({ dryRun: isDryRun = false, json = false, prisma }: MigrateOptions) => {
      // One that is named is meant from where the command was given; the usual one is beside the config.
      const named = typeof prisma === "string" ? resolve(app.io.currentFolder(), prisma) : null;
      await app.withServer(async (server) => {
        const folder = prisma === true ? resolve(app.io.currentFolder(), PRISMA_FOLDER) : named;
        const done: (Migrated | Written)[] = [];
        for (const opened of server["~engine"].backends.values()) {
          let text: string;
          if (folder === null) {
            const one = await migrateOne(opened, isDryRun);
            done.push(one);
            text = describe(one, isDryRun);
          } else {
            const one = await writeOne(opened, folder, isDryRun);
            done.push(one);
            text = describeWritten(one, isDryRun);
          }
          if (!json) app.io.stdout.write(text);
        }
        if (json) printJson(app.io, done);
        return 0;
      });
    });
  withExamples(command, ["migrate", "migrate --dry-run", `migrate --prisma ${PRISMA_FOLDER}`]);
}
