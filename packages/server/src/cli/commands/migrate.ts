import type { Command } from "commander";
import type { OpenedBackend } from "../../core/opened-backend.ts";
import type { CliApp } from "../app.ts";
import { withExamples } from "../command-help.ts";
import { printJson } from "../json-output.ts";
import { counted } from "../terminal-text.ts";

interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What became of one backend's tables; `statements` is null where they are made at open. */
interface Migrated {
  readonly backend: string;
  readonly kind: string;
  readonly statements: readonly string[] | null;
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

function describe({ backend, kind, statements }: Migrated, isDryRun: boolean): string {
  if (statements === null) return `-- ${backend} (${kind}) makes its tables when it opens.\n`;
  if (statements.length === 0) return `-- ${backend} (${kind}) is up to date.\n`;
  if (isDryRun) return `-- ${backend} (${kind})\n${statements.map((text) => `${text};\n`).join("")}`;
  return `-- ${backend} (${kind}): ${counted(statements.length, "statement")} run, up to date now.\n`;
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
    .option("--json", "print JSON: [{ backend, kind, statements }]")
    .action(async ({ dryRun: isDryRun = false, json = false }: MigrateOptions) => {
      await app.withServer(async (server) => {
        const migrated: Migrated[] = [];
        for (const opened of server["~engine"].backends.values()) {
          const one = await migrateOne(opened, isDryRun);
          migrated.push(one);
          if (!json) app.io.stdout.write(describe(one, isDryRun));
        }
        if (json) printJson(app.io, migrated);
        return 0;
      });
    });
  withExamples(command, ["migrate", "migrate --dry-run"]);
}
