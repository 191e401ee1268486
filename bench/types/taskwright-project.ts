import { areasOf, collected, eachTask, fixedFile, nested, type ProjectFiles } from "./project-layout.ts";

/** A Taskwright project: a contract, a handler for each task, a server, and a client that calls each task. */
export function taskwrightProject(taskCount: number): ProjectFiles {
  const areas = areasOf(taskCount);
  const contract = collected(areas, "contract");
  const handlers = collected(areas, "handlers");
  const files = new Map([
    ["contract.ts", fixedFile("taskwright/contract.ts")],
    ["connect.ts", fixedFile("taskwright/connect.ts")],
    [
      "tasks.ts",
      `import { t } from "./contract.ts";\n${contract.imports}\nexport const tasks = t.router({ ${contract.names} });\n`,
    ],
    [
      "implementer.ts",
      'import { implement } from "@taskwright/server";\nimport { tasks } from "./tasks.ts";\nexport const h = implement(tasks).context<{ now: () => number }>();\n',
    ],
    [
      "server.ts",
      `import { createTaskServer } from "@taskwright/server";
import { memoryBackend } from "@taskwright/server/memory";
import { tasks } from "./tasks.ts";
${handlers.imports}
export const server = createTaskServer({
  tasks,
  backend: memoryBackend(),
  createContext: () => ({ now: () => Date.now() }),
  handlers: { ${handlers.names} },
});
`,
    ],
    [
      "client.ts",
      'import type { TaskTransport } from "@taskwright/shared";\nimport { connect } from "./connect.ts";\nimport type { tasks } from "./tasks.ts";\ndeclare const transport: TaskTransport;\nexport const client = connect<typeof tasks>(transport);\n',
    ],
  ]);
  for (const area of areas) {
    const router = nested(
      area,
      (task) => `t.task.input(${task.input}).output(${task.output}).options({ queue: "slow" })`,
      "t.router",
    );
    files.set(
      `contract/${area.name}.ts`,
      `import * as z from "zod";\nimport { t } from "../contract.ts";\nexport const ${area.name} = t.router(${router});\n`,
    );
    const built = nested(
      area,
      (task, group) =>
        `h.${area.name}.${group}.${task.name}.handler(async ({ input, ctx }) => { ctx.now(); return ${task.answer}; })`,
      "",
    );
    files.set(
      `handlers/${area.name}.ts`,
      `import { h } from "../implementer.ts";\nexport const ${area.name} = ${built};\n`,
    );
    const calls = eachTask(
      area,
      (task, path) =>
        `  seen.push((await (await client.tasks.${path}.delay(${task.argument})).get()).${task.field});`,
    );
    files.set(
      `calls/${area.name}.ts`,
      `import { client } from "../client.ts";\nexport async function ${area.name}(seen: unknown[]): Promise<void> {\n${calls}\n}\n`,
    );
  }
  return files;
}

/**
 * The same over tRPC: a router of the tasks, a client over it by the contract's type that calls each task, and a tRPC client
 * by the router's type that calls each as well.
 */
export function taskwrightTrpcProject(taskCount: number): ProjectFiles {
  const files = new Map(taskwrightProject(taskCount));
  files.set(
    "router.ts",
    `import { createTaskRouter } from "@taskwright/server/trpc";
import { server } from "./server.ts";
import { t } from "./init.ts";
export const router = createTaskRouter(t, server, { procedure: t.procedure });
`,
  );
  files.set("init.ts", fixedFile("trpc/init.ts"));
  files.set("connect.ts", fixedFile("taskwright/connect-by-url.ts"));
  files.set("connect-trpc.ts", fixedFile("trpc/connect.ts"));
  files.set(
    "client.ts",
    'import { connect } from "./connect.ts";\nimport type { tasks } from "./tasks.ts";\nexport const client = connect<typeof tasks>();\n',
  );
  files.set(
    "trpc.ts",
    'import { connect } from "./connect-trpc.ts";\nimport type { router } from "./router.ts";\nexport const trpc = connect<typeof router>();\n',
  );
  for (const area of areasOf(taskCount)) {
    const calls = eachTask(
      area,
      (task, path) => `  seen.push((await trpc.tasks.${path}.delay.mutate(${task.argument})).id);`,
    );
    files.set(
      `trpc-calls/${area.name}.ts`,
      `import { trpc } from "../trpc.ts";\nexport async function ${area.name}(seen: unknown[]): Promise<void> {\n${calls}\n}\n`,
    );
  }
  return files;
}

/** The same with a mock of the tRPC server, where a test says what becomes of each task and looks at what was enqueued. */
export function taskwrightMockProject(taskCount: number): ProjectFiles {
  const files = new Map(taskwrightProject(taskCount));
  files.set(
    "mock.ts",
    `import { mockTasks } from "@taskwright/client/msw";
import type { tasks } from "./tasks.ts";
export const mock = mockTasks<typeof tasks>({ url: "/api/trpc" });
export const paths = mock.enqueued.map((task) => task.path);
`,
  );
  for (const area of areasOf(taskCount)) {
    const tests = eachTask(
      area,
      (_, path) => `  mock.tasks.${path}.delay(({ input, task }) => { seen.push(input); task.fail(); });
  seen.push(mock.tasks.${path}.enqueued[0]?.input);`,
    );
    files.set(
      `tests/${area.name}.ts`,
      `import { mock } from "../mock.ts";\nexport function ${area.name}(seen: unknown[]): void {\n${tests}\n}\n`,
    );
  }
  return files;
}
