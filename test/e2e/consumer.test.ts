import { execFile } from "node:child_process";
import { cp, glob, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TSC } from "../../bench/types/compiler.ts";
import { REPOSITORY } from "./markdown.ts";
import { copyInstalled, install, link, manifestOf, type PackedPackage, pack } from "./packed-packages.ts";

const run = promisify(execFile);
const CONSUMER = fileURLToPath(new URL("../consumer", import.meta.url));
const PACKAGES = ["shared", "client", "server"];
/** Each may use the ones before it. */
const CONSUMERS = ["api", "worker", "frontend"];
const NODE_TYPES = "@types/node";

/** Each way to resolve modules that a user may have set. */
const RESOLUTIONS = [
  ["nodenext", ["--module", "nodenext", "--moduleResolution", "nodenext"]],
  ["node16", ["--module", "node16", "--moduleResolution", "node16"]],
  ["bundler", ["--module", "esnext", "--moduleResolution", "bundler"]],
] as const;

let project: string;
const packed = new Map<string, PackedPackage>();

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "taskwright-consumer-"));
  await cp(CONSUMER, project, { recursive: true });
  const dependencies = new Set([NODE_TYPES]);
  for (const directory of PACKAGES) {
    const one = await pack(directory, project);
    packed.set(directory, one);
    await install(one, project);
    const manifest = await manifestOf(join(project, "node_modules", one.name));
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (!name.startsWith("@taskwright/")) dependencies.add(name);
    }
  }
  await copyInstalled([...dependencies], project);
  await link("consumer-api", project, "api");
});
afterAll(() => rm(project, { recursive: true, force: true }));

/** What the compiler says about one of the packages; empty when it compiles. */
async function compile(directory: string, options: readonly string[]): Promise<string> {
  try {
    await run(process.execPath, [TSC, "-p", join(project, directory), "--pretty", "false", ...options]);
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe.each(RESOLUTIONS)("with moduleResolution %s", (_name, options) => {
  test.each(CONSUMERS)("the %s package compiles with its declarations", async (directory) => {
    expect(await compile(directory, options)).toBe("");
  });

  test("the declarations import only what the package itself depends on, and hold no any", async () => {
    for (const directory of CONSUMERS) {
      const { dependencies = {} } = await manifestOf(join(project, directory));
      for await (const file of glob("dist/*.d.ts", { cwd: join(project, directory) })) {
        const text = await readFile(join(project, directory, file), "utf8");
        const imported = [...text.matchAll(/(?:from |import\()"(@[^/"]+\/[^/"]+|[^./"][^/"]*)([^"]*)"/g)];
        for (const [, name = "", path] of imported) {
          expect(Object.keys(dependencies), `${directory}/${file}`).toContain(name);
          expect(name.startsWith("@taskwright/") ? path : "", `${directory}/${file}`).toBe("");
        }
        expect(text, `${directory}/${file}`).not.toMatch(/\bany\b/);
      }
    }
  });
});

test("the compiled worker runs", async () => {
  expect(await compile("api", RESOLUTIONS[0][1])).toBe("");
  expect(await compile("worker", RESOLUTIONS[0][1])).toBe("");
  const { stdout } = await run(process.execPath, [join(project, "worker", "dist", "main.js")]);
  expect(JSON.parse(stdout)).toEqual({
    sent: ["Hi to grace@example.com", "No subject to ada@example.com"],
    sentAt: "2030-01-01T00:00:00.000Z",
    count: 2031,
    status: "SUCCESSFUL",
  });
});

test("the packed command runs", async () => {
  const command = join(project, "node_modules", "@taskwright/server", "bin", "taskwright.mjs");
  const { stdout } = await run(process.execPath, [command, "--help"]);
  expect(stdout).toContain("Usage: taskwright");
});

describe.each(PACKAGES)("the tarball of %s", (directory) => {
  test("holds what was built, and no sources or tests", () => {
    const { files } = packed.get(directory) as PackedPackage;
    const allowed =
      /^(package\.json|README\.md|LICENSE|bin\/taskwright\.mjs|prisma\/\w+\/(outbox|tasks)\.prisma|dist\/[\w/-]+\.(d\.ts|js|js\.map))$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files).toContain("dist/index.js");
    expect(files).toContain("dist/index.d.ts");
    expect(files.includes("bin/taskwright.mjs")).toBe(directory === "server");
    expect(files.filter((file) => file.startsWith("prisma/"))).toEqual(
      directory === "server"
        ? ["mysql", "postgresql", "sqlite"].flatMap((database) =>
            ["outbox", "tasks"].map((models) => `prisma/${database}/${models}.prisma`),
          )
        : [],
    );
  });

  test("holds the licence, and tells what it is and how to install it", async () => {
    const { name } = packed.get(directory) as PackedPackage;
    const read = (file: string) => readFile(join(project, "node_modules", name, file), "utf8");
    expect(await read("LICENSE")).toBe(await readFile(join(REPOSITORY, "LICENSE"), "utf8"));
    const readme = await read("README.md");
    expect(readme).toMatch(new RegExp(`^# ${name}\n`));
    expect(readme).toContain(`npm install ${name}`);
    // They are read where nothing beside them is.
    expect([...readme.matchAll(/\]\((?!https:)/g)]).toEqual([]);
  });

  test("is for everybody, and asks for the zod that its declarations need", async () => {
    const { name } = packed.get(directory) as PackedPackage;
    const manifest = await manifestOf(join(project, "node_modules", name));
    expect(manifest).toMatchObject({
      license: "MIT",
      publishConfig: { access: "public" },
      peerDependencies: { zod: "^4.1.0" },
    });
  });

  test("holds the sources that its source maps point to", async () => {
    const { name, files } = packed.get(directory) as PackedPackage;
    const maps = files.filter((file) => file.endsWith(".map"));
    expect(maps).not.toEqual([]);
    for (const file of maps) {
      const map = JSON.parse(await readFile(join(project, "node_modules", name, file), "utf8"));
      expect(map.sourcesContent, file).toHaveLength(map.sources.length);
    }
  });
});

/** Everything that is loaded when a program imports a module, by what was asked for: `node:fs`, `zod/v4/core`. */
async function loadedBy(specifier: string): Promise<readonly string[]> {
  const probe = join(project, "probe.mjs");
  await writeFile(
    probe,
    `import { registerHooks } from "node:module";
const asked = new Set();
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith(".") && !specifier.startsWith("file:")) asked.add(specifier);
    return next(specifier, context);
  },
});
await import(process.argv[2]);
console.log(JSON.stringify([...asked].filter((name) => name !== process.argv[2]).sort()));
`,
  );
  const { stdout } = await run(process.execPath, ["--no-warnings", probe, specifier]);
  return JSON.parse(stdout);
}

test("a module that runs anywhere asks for nothing of Node's", async () => {
  expect(await loadedBy("@taskwright/shared")).toEqual(["zod/v4/core"]);
  const loaded = await loadedBy("@taskwright/client");
  // tRPC's client stands on small parts of its server's package, which run anywhere too.
  expect(loaded.filter((name) => !name.startsWith("@trpc/"))).toEqual(["@taskwright/shared", "zod/v4/core"]);
});

test("the mock of a server is loaded by its own entry alone, with msw", async () => {
  expect(await loadedBy("@taskwright/client/msw")).toContain("msw");
  expect(
    (await loadedBy("@taskwright/client")).filter((name) => /msw|trpc\/server\/adapters/.test(name)),
  ).toEqual([]);
});

test("no file of shared and client asks for anything but their own packages, zod and tRPC's client", async () => {
  for (const directory of ["shared", "client"]) {
    const { name, files } = packed.get(directory) as PackedPackage;
    for (const file of files.filter((path) => path.endsWith(".js") || path.endsWith(".d.ts"))) {
      const text = await readFile(join(project, "node_modules", name, file), "utf8");
      const asked = [...text.matchAll(/(?:from|import\(|import|require\()\s*"([^"]+)"/g)].map(
        ([, from = ""]) => from,
      );
      const others = asked.filter(
        (from) =>
          !/^(\.|@taskwright\/shared$|zod($|\/))/.test(from) &&
          !(directory === "client" && /^@trpc\/client($|\/)/.test(from)) &&
          !(file.startsWith("dist/msw/") && /^(msw|@trpc\/server)($|\/)/.test(from)),
      );
      expect(others, `${name}/${file}`).toEqual([]);
    }
  }
});

test("importing the server loads no store's library", async () => {
  expect(await loadedBy("@taskwright/server")).not.toContain("node:sqlite");
  expect(await loadedBy("@taskwright/server/worker")).not.toContain("node:sqlite");
  expect(await loadedBy("@taskwright/server/memory")).not.toContain("node:sqlite");
  expect(await loadedBy("@taskwright/server/sqlite")).toContain("node:sqlite");
});

test("the testing kit asks for no test runner, but for the entry that teaches vitest its matcher", async () => {
  const loaded = await loadedBy("@taskwright/server/testing");
  expect(loaded.filter((name) => /vitest|chai|node:test|node:sqlite/.test(name))).toEqual([]);
  const { name, files } = packed.get("server") as PackedPackage;
  const asking: string[] = [];
  for (const file of files.filter((path) => /\.(js|d\.ts)$/.test(path))) {
    const text = await readFile(join(project, "node_modules", name, file), "utf8");
    if (/(?:from|import|import\(|module)\s*"vitest/.test(text)) asking.push(file);
  }
  expect(asking.sort()).toEqual(["dist/testing/vitest.d.ts", "dist/testing/vitest.js"]);
});
