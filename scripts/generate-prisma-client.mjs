// Generates the Prisma client of the example, which the compiler needs, where it is not there or older than its models.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const example = join(import.meta.dirname, "../examples/prisma-postgres");
const models = join(example, "prisma/schema");
const client = join(example, "generated/client.ts");

const changedAt = Math.max(...readdirSync(models).map((file) => statSync(join(models, file)).mtimeMs));
if (!existsSync(client) || statSync(client).mtimeMs < changedAt) {
  const require = createRequire(join(example, "package.json"));
  const prisma = join(dirname(require.resolve("prisma/package.json")), "build/index.js");
  execFileSync(process.execPath, [prisma, "generate"], {
    cwd: example,
    // Prisma looks for a migration engine that generating does not use; any program will do in its place.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 60_000,
  });
}
