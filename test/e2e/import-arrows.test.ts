import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

type Case = readonly [path: string, source: string, rule: string];

/**
 * Each case is one file that only exists here, with the rule that must refuse it. They are written into a copy of the
 * tree's shape and linted in one run with the real biome.json.
 */
const refused: readonly Case[] = [
  ...imports("packages/shared/src/a.ts", [
    "node:fs",
    "croner",
    "@taskwright/server",
    "../../server/src/index.ts",
  ]),
  ...imports("packages/client/src/a.ts", [
    "@taskwright/server",
    "@taskwright/server/worker",
    "node:fs",
    "msw",
    "@trpc/server",
    "./msw/index.ts",
  ]),
  ...imports("packages/client/src/msw/a.ts", ["@taskwright/server", "node:fs", "vitest"]),
  ...imports("packages/client/src/a.test.ts", ["@taskwright/server"]),
  ...imports("packages/server/src/index.ts", [
    "./backends/memory/index.ts",
    "./worker/index.ts",
    "./cli/main.ts",
  ]),
  ...imports("packages/server/src/create-task-server.ts", ["./http/a.ts", "./backends/sqlite/index.ts"]),
  ...imports("packages/server/src/backend/a.ts", [
    "../core/a.ts",
    "node:fs",
    "zod",
    "../backends/memory/index.ts",
  ]),
  ...imports("packages/server/src/core/a.ts", [
    "node:fs",
    "node:fs/promises",
    "../backends/memory/index.ts",
    "../worker/worker.ts",
    "../http/a.ts",
    "../trpc/a.ts",
    "../admin/a.ts",
    "../cli/main.ts",
    "../index.ts",
    "../create-task-server.ts",
    "ioredis",
    "@taskwright/client",
    "../../../shared/src/index.ts",
  ]),
  ...imports("packages/server/src/core/deep/a.ts", ["../../worker/worker.ts", "../../index.ts"]),
  ...imports("packages/server/src/backends/redis/a.ts", [
    "../../core/a.ts",
    "../memory/index.ts",
    "../../worker/worker.ts",
    "../../index.ts",
    "@taskwright/server",
  ]),
  ...imports("packages/server/src/backends/redis/scripts/a.ts", [
    "../../memory/index.ts",
    "../../../core/a.ts",
  ]),
  ...["worker", "http", "trpc", "admin"].flatMap((edge) => [
    ...imports(`packages/server/src/${edge}/a.ts`, [
      "../backends/memory/index.ts",
      "../cli/main.ts",
      "../index.ts",
    ]),
    ...imports(
      `packages/server/src/${edge}/b.ts`,
      ["worker", "http", "trpc", "admin"]
        .filter((other) => other !== edge)
        .map((other) => `../${other}/a.ts`),
    ),
    ...imports(`packages/server/src/${edge}/pages/a.ts`, [
      "../../backends/memory/index.ts",
      "../../cli/main.ts",
    ]),
  ]),
  ...imports("packages/server/src/testing/a.ts", [
    "../backends/sqlite/index.ts",
    "../worker/index.ts",
    "../qstash-dev/index.ts",
    "../index.ts",
    "vitest",
    "../cli/main.ts",
  ]),
  ["packages/server/src/testing/vitest.ts", 'export { a } from "../core/a.ts";', "noRestrictedImports"],
  ...imports("packages/server/src/qstash-dev/a.ts", [
    "../core/a.ts",
    "../backends/memory/index.ts",
    "@upstash/qstash",
    "ioredis",
  ]),
  ...imports("packages/server/src/qstash-dev/engine/a.ts", ["../../core/a.ts", "@taskwright/server", "uuid"]),
  ...imports("packages/server/src/backends/redis/q.ts", ["../../qstash-dev/index.ts"]),
  ...imports("packages/server/src/unheard-of/a.ts", ["../core/a.ts"]),
  ...imports("test/e2e/a.ts", ["../../packages/server/src/core/a.ts"]),
  ...imports("examples/quickstart/a.ts", ["../../packages/shared/src/index.ts"]),
  ["packages/server/src/core/e.ts", 'export * as a from "../worker/a.ts";', "noRestrictedImports"],
  ["packages/server/src/core/f.ts", 'export const a = import("../cli/main.ts");', "noRestrictedImports"],
  ["packages/server/src/core/g.ts", 'export type A = import("../cli/main.ts").A;', "plugin"],
  ["packages/server/src/core/h.ts", "setTimeout(() => {}, 1);", "noRestrictedGlobals"],
  ["packages/server/src/core/i.ts", "export const a = process.pid;", "noRestrictedGlobals"],
  [
    "packages/server/src/backend/b.ts",
    'import { a } from "@taskwright/shared";\nexport type A = typeof a;',
    "plugin",
  ],
  ["packages/server/src/backend/c.ts", "export const a = 1;", "plugin"],
  ["packages/server/src/backend/d.ts", 'export { a } from "./a.ts";', "plugin"],
  [
    "packages/server/src/worker/c.ts",
    'import type { D } from "./d.ts";\nexport interface C { d: D }',
    "noImportCycles",
  ],
  [
    "packages/server/src/worker/d.ts",
    'import type { C } from "./c.ts";\nexport interface D { c: C }',
    "noImportCycles",
  ],
  ["packages/server/src/worker/e.ts", "export const a = process.env.A;", "noProcessEnv"],
  ["packages/server/src/backends/redis/connect.ts", "export const a = process.env.A;", "noProcessEnv"],
  ["packages/server/src/worker/f.ts", 'console.log("a");', "noConsole"],
  ["packages/server/src/worker/g.ts", "export default 1;", "noDefaultExport"],
  ["packages/server/src/worker/h.ts", "export const a = 1;\n".repeat(301), "noExcessiveLinesPerFile"],
  ["packages/server/src/worker/fileName.ts", "export const a = 1;", "useFilenamingConvention"],
  ...["utils", "helpers", "common", "misc", "types"].map(
    (name) => [`packages/shared/src/${name}.ts`, "export const a = 1;", "useFilenamingConvention"] as const,
  ),
  ["packages/shared/src/helpers/a.ts", "export const a = 1;", "useFilenamingConvention"],
  ["packages/shared/src/b.ts", 'export * from "./a.ts";', "noReExportAll"],
];

/** What the same rules must let through. */
const accepted: readonly (Case | readonly [path: string, source: string])[] = [
  ...imports("packages/shared/src/errors/ok.ts", ["zod", "zod/v4/core", "../duration.ts", "./task-error.ts"]),
  ...imports("packages/shared/src/ok.test.ts", ["vitest", "superjson", "./duration.ts"]),
  ...imports("packages/client/src/msw/ok.ts", [
    "@taskwright/shared",
    "@trpc/server",
    "@trpc/server/adapters/fetch",
    "msw",
    "../transport.ts",
  ]),
  ...imports("packages/server/src/ok.ts", ["./core/a.ts", "./backend/a.ts", "./create-task-server.ts"]),
  ...imports("packages/server/src/core/ok.ts", ["../backend/a.ts", "./clock.ts", "zod", "croner", "uuid"]),
  ...imports("packages/server/src/core/deep/ok.ts", ["../clock.ts", "../../backend/a.ts", "./b.ts"]),
  ...imports("packages/server/src/core/ok.test.ts", ["node:fs", "../backends/memory/index.ts", "vitest"]),
  ...imports("packages/server/src/backends/redis/ok.ts", [
    "../../backend/a.ts",
    "../outboxes/with-outbox.ts",
    "ioredis",
    "node:fs",
    "./b.ts",
  ]),
  ...imports("packages/server/src/backends/redis/scripts/ok.ts", ["../row.ts", "../../../backend/a.ts"]),
  ...imports("packages/server/src/worker/ok.ts", [
    "../core/a.ts",
    "../backend/a.ts",
    "../create-task-server.ts",
    "node:os",
  ]),
  ...imports("packages/server/src/admin/pages/ok.ts", [
    "../html.ts",
    "../../core/a.ts",
    "../../create-task-server.ts",
  ]),
  ...imports("packages/server/src/qstash-dev/ok.ts", ["./engine/a.ts", "@taskwright/shared", "node:http"]),
  ...imports("packages/server/src/qstash-dev/engine/ok.ts", [
    "./a.ts",
    "../routes/a.ts",
    "@taskwright/shared",
    "croner",
    "msw",
    "node:sqlite",
  ]),
  ...imports("packages/server/src/testing/ok.ts", [
    "../backends/memory/index.ts",
    "../create-task-server.ts",
    "../system-host.ts",
    "../core/a.ts",
    "../backend/a.ts",
  ]),
  ...imports("packages/server/src/cli/commands/ok.ts", [
    "../../worker/a.ts",
    "../../backends/sqlite/index.ts",
  ]),
  ...imports("test/e2e/ok.ts", ["@taskwright/server", "@taskwright/client", "../harness/services.ts"]),
  ["packages/server/src/cli/print.ts", 'console.log(process.env.A ?? "a");'],
  ["packages/server/src/backends/redis/options.ts", "export const a = process.env.A;"],
  [
    "packages/server/src/backend/ok.ts",
    'import type { A } from "@taskwright/shared";\nexport type B = A | 1;',
  ],
  ["examples/quickstart/taskwright.config.ts", "export default {};"],
  ["packages/server/src/worker/ok.test-d.ts", "export const a = 1;"],
];

let root: string;
let found: Map<string, string[]>;

beforeAll(async () => {
  const repository = fileURLToPath(new URL("../../", import.meta.url));
  root = await mkdtemp(join(tmpdir(), "taskwright-arrows-"));
  for (const part of ["biome.json", ".gitignore", "scripts/lint"]) {
    await cp(join(repository, part), join(root, part), { recursive: true });
  }
  for (const [path, source] of [...refused, ...accepted]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${source}\n`);
  }
  const biome = join(repository, "node_modules/@biomejs/biome/bin/biome");
  const output = await new Promise<string>((resolve) => {
    const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
    const args = [biome, "lint", "--reporter=json", "--max-diagnostics=none", "."];
    execFile(process.execPath, args, options, (_error, stdout) => resolve(stdout));
  });
  found = new Map();
  const report: { diagnostics: { category: string; location: { path: string } }[] } = JSON.parse(output);
  for (const { category, location } of report.diagnostics) {
    const path = location.path.replaceAll("\\", "/");
    found.set(path, [...(found.get(path) ?? []), category]);
  }
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("the lint refuses", () => {
  for (const [path, source, rule] of refused) {
    test(`${path}: ${source.trim()}`.slice(0, 120), () => {
      expect(found.get(path)?.map((category) => category.split("/").at(-1))).toContain(rule);
    });
  }
});

describe("the lint accepts", () => {
  for (const [path, source] of accepted) {
    test(`${path}: ${source}`, () => {
      expect(found.get(path) ?? []).toEqual([]);
    });
  }
});

/** One file per specifier, so that every import is judged alone. */
function imports(
  path: string,
  specifiers: readonly string[],
): [path: string, source: string, rule: string][] {
  return specifiers.map((specifier, index) => [
    path.replace(/([^/]+?)((?:\.test)?\.ts)$/, `$1-${index}$2`),
    `import type { Something${index} } from "${specifier}";\nexport type Other${index} = Something${index};`,
    "noRestrictedImports",
  ]);
}
