import { areasOf, collected, eachTask, fixedFile, nested, type ProjectFiles } from "./project-layout.ts";

/** A tRPC project of the same inputs and outputs: a procedure with its resolver for each task, and a client that calls each. */
export function trpcProject(taskCount: number): ProjectFiles {
  const areas = areasOf(taskCount);
  const routers = collected(areas, "routers");
  const files = new Map([
    ["init.ts", fixedFile("trpc/init.ts")],
    ["connect.ts", fixedFile("trpc/connect.ts")],
    [
      "router.ts",
      `import { t } from "./init.ts";\n${routers.imports}\nexport const router = t.router({ ${routers.names} });\n`,
    ],
    [
      "client.ts",
      'import { connect } from "./connect.ts";\nimport type { router } from "./router.ts";\nexport const client = connect<typeof router>();\n',
    ],
  ]);
  for (const area of areas) {
    const router = nested(
      area,
      (task) =>
        `t.procedure.input(${task.input}).output(${task.output}).mutation(async ({ input, ctx }) => { ctx.now(); return ${task.answer}; })`,
      "t.router",
    );
    files.set(
      `routers/${area.name}.ts`,
      `import * as z from "zod";\nimport { t } from "../init.ts";\nexport const ${area.name} = t.router(${router});\n`,
    );
    const calls = eachTask(
      area,
      (task, path) => `  seen.push((await client.${path}.mutate(${task.argument})).${task.field});`,
    );
    files.set(
      `calls/${area.name}.ts`,
      `import { client } from "../client.ts";\nexport async function ${area.name}(seen: unknown[]): Promise<void> {\n${calls}\n}\n`,
    );
  }
  return files;
}
