import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cliFolder, fixture, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

const COMMANDS = [
  ["worker"],
  ["tasks"],
  ["results"],
  ["results", "list"],
  ["results", "show"],
  ["results", "clear"],
  ["retry"],
  ["cancel"],
  ["execute"],
  ["purge"],
  ["status"],
  ["doctor"],
  ["qstash-dev"],
];

const serverFile = JSON.stringify(fixture("partial-server.ts"));
const TASKS_OF_FIXTURE = "sendEmail\nbilling.invoice\nbilling.refuse\nhold\ncount\n";

describe.concurrent("help", () => {
  test("names every command and the exit codes", async () => {
    await using folder = cliFolder();
    const { code, stdout, stderr } = await folder.run(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const [name = ""] of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
    expect(stdout).toMatch(/Exit codes:\n +0 +done\n +1 +failed\n +2 +asked for wrongly/);
  });

  test.for(COMMANDS)("of %s %s needs no config, fits 80 columns and shows an example", async (words) => {
    await using folder = cliFolder();
    const { code, stdout } = await folder.run([...words, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: taskwright ${words.join(" ")}`);
    if (words.join() !== "results")
      expect(stdout).toMatch(new RegExp(`Examples?:\n  \\$ taskwright ${words.join(" ")}`));
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("is what the bare command prints, as a usage error", async () => {
    await using folder = cliFolder();
    const { code, stderr } = await folder.run([]);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: taskwright");
  });

  test("has no colours outside a terminal", async () => {
    await using folder = cliFolder();
    const { stdout } = await folder.run(["--help"]);
    expect(stdout).not.toContain("\u001b");
  });
});

test("--version prints the package's version", async () => {
  await using folder = cliFolder();
  const { code, stdout } = await folder.run(["--version"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe.concurrent("a mistyped command line ends with 2 and the nearest name:", () => {
  test.for<[string, readonly string[], string]>([
    ["a command", ["wrker"], "Error: unknown command 'wrker'\n(Did you mean worker?)"],
    ["a subcommand", ["results", "lst"], "(Did you mean list?)"],
    ["an option", ["worker", "--quue", "emails"], "Error: unknown option '--quue'\n(Did you mean --queue?)"],
    ["a state", ["results", "list", "--status", "FALED"], 'Did you mean "FAILED"?'],
    ["a state that is not finished", ["purge", "--status", "READY"], "READY task results have not finished."],
    ["a log level", ["worker", "--log-level", "debgu"], 'Did you mean "debug"?'],
    ["a number", ["results", "list", "--limit", "0"], "a whole number from 1 to 1000"],
    ["a fraction of a task", ["worker", "--max-tasks", "1.5"], "a whole number of 0 or more"],
    ["a duration", ["worker", "--interval", "soon"], 'seconds, or a duration such as "500ms"'],
    ["a missing id", ["results", "show"], "missing required argument 'id'"],
    ["a queue", ["worker", "--queue", "emials"], 'declares no queue "emials". Did you mean "emails"?'],
    ["a task", ["results", "list", "--task", "biling.invoice"], 'Did you mean "billing.invoice"?'],
    ["a backend", ["status", "--backend", "blk"], 'Did you mean "bulk"?'],
    ["a worker's id", ["worker", "--id", "two words"], "id must be 1 to 100 printable ASCII characters"],
    [
      "an interval that is too short",
      ["worker", "--interval", "50ms"],
      "interval must be a duration from 100ms to 1h",
    ],
  ])("%s", async ([, args, message]) => {
    await using folder = projectFolder();
    const { code, stdout, stderr } = await folder.run(args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});

describe.concurrent("the config", () => {
  test("is found in a folder above, and the command runs in its folder", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const deep = join(folder.path, "src", "deep");
    mkdirSync(deep, { recursive: true });
    const doctor = await folder.run(["doctor", "--json"], { folder: deep });
    expect(JSON.parse(doctor.stdout).findings).toContainEqual({
      subject: "config",
      level: "ok",
      message: join(folder.path, "taskwright.config.ts"),
    });
    const status = await folder.run(["status"], { folder: deep });
    expect(status.stdout).toContain("backend default (sqlite)\n1 READY");
    expect(readdirSync(deep)).toEqual([]);
  });

  test("that was named leaves the command in its folder", async () => {
    await using folder = projectFolder();
    const src = join(folder.path, "src");
    mkdirSync(src);
    await folder.run(["status", "--config", "../taskwright.config.ts"], { folder: src });
    expect(readdirSync(src)).toContain("default.db");
  });

  test.for<[string, string, string]>([
    [
      "a server as default export",
      "taskwright.config.ts",
      `export { server as default } from ${serverFile};`,
    ],
    [
      "{ server } as default export",
      "taskwright.config.ts",
      `import { server } from ${serverFile}; export default { server };`,
    ],
    [
      "a function giving one",
      "taskwright.config.mts",
      `import { server } from ${serverFile}; export default async () => server;`,
    ],
    ["a named export server", "taskwright.config.js", `export { server } from ${serverFile};`],
    ["a named export config", "taskwright.config.mjs", `export { server as config } from ${serverFile};`],
    [
      "TypeScript that Node cannot strip",
      "taskwright.config.ts",
      `enum A { B } export { server } from ${serverFile}; void A.B;`,
    ],
  ])("may be %s", async ([, name, text]) => {
    await using folder = cliFolder();
    folder.write(name, text);
    const { code, stdout, stderr } = await folder.run(["tasks", "--locations"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: TASKS_OF_FIXTURE, stderr: "" });
  });

  test("can be named with --config, before the command or after it", async () => {
    await using folder = cliFolder();
    folder.write("other.ts", `export { server } from ${serverFile};`);
    expect((await folder.run(["--config", "other.ts", "tasks", "--locations"])).stdout).toBe(
      TASKS_OF_FIXTURE,
    );
    expect((await folder.run(["tasks", "--locations", "--config", "other.ts"])).stdout).toBe(
      TASKS_OF_FIXTURE,
    );
  });

  test("that is nowhere is reported with where it was looked for and an example", async () => {
    await using folder = cliFolder();
    const { code, stderr } = await folder.run(["tasks"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `Looked for taskwright.config.ts, .mts, .js and .mjs in ${folder.path} and in every folder above`,
    );
    expect(stderr).toContain("export default server;");
  });

  test("that is named but not there is reported with its path", async () => {
    await using folder = cliFolder();
    const { code, stderr } = await folder.run(["tasks", "--config", "nope.ts"]);
    expect(code).toBe(1);
    expect(stderr).toBe(`Error: --config names a file that is not there: ${join(folder.path, "nope.ts")}\n`);
  });

  test("that throws shows the user's error and their own places, and the stack only with --verbose", async () => {
    await using folder = cliFolder("import { connect } from './db.ts';\n\nconnect();\nexport default {};\n");
    folder.write(
      "db.ts",
      "export function connect() {\n  throw new Error('no DATABASE_URL', { cause: new TypeError('unset') });\n}\n",
    );
    const { code, stderr } = await folder.run(["tasks"]);
    expect(code).toBe(1);
    const places = (column: number) => [
      `    at ${join(folder.path, "db.ts")}:2:${column}`,
      expect.stringMatching(`^    at ${join(folder.path, "taskwright.config.ts")}:3:`),
    ];
    expect(stderr.split("\n")).toEqual([
      `Error: ${join(folder.path, "taskwright.config.ts")} could not be loaded.`,
      "Error: no DATABASE_URL",
      ...places(9),
      "[cause] TypeError: unset",
      ...places(47),
      "",
    ]);
    const verbose = await folder.run(["tasks", "--verbose"]);
    expect(verbose.stderr).toMatch(/Error: no DATABASE_URL\n {4}at connect \(.*db\.ts:2:9\)\n/);
  });

  test("that imports what is not there shows which, and from where", async () => {
    await using folder = cliFolder('import "./db.ts"; export default {};');
    folder.write("db.ts", "\nimport 'no-such-package';\n");
    const { code, stderr } = await folder.run(["tasks"]);
    expect(code).toBe(1);
    expect(stderr.split("\n").slice(1)).toEqual([
      "Error: Cannot find module 'no-such-package'",
      expect.stringMatching(`^    at ${join(folder.path, "db.ts")}:2:`),
      expect.stringMatching(`^    at ${join(folder.path, "taskwright.config.ts")}:1:`),
      "",
    ]);
  });

  test("that never ends is given up after 10 s", async () => {
    await using folder = cliFolder("await new Promise(() => {});\nexport default {};\n");
    const { code, stdout, stderr } = await folder.run(["tasks"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `Error: ${join(folder.path, "taskwright.config.ts")} gave no server within 10 s.\nA top-level await in it, or the function that it exports, does not end.\n`,
    );
  });

  test("whose function throws says that it was the function", async () => {
    await using folder = cliFolder("export default () => { throw new RangeError('too early'); };");
    const { code, stderr } = await folder.run(["status"]);
    expect(code).toBe(1);
    expect(stderr).toContain("gave no server: its function threw.\nRangeError: too early\n    at ");
  });

  test.for<[string, string, string]>([
    ["a syntax error", "export default {;", "ParseError"],
    [
      "an import that is not there",
      'import "./nope.ts"; export default {};',
      "Cannot find module './nope.ts'",
    ],
    ["a thrown string", 'throw "no";', "It threw something that is no error: no"],
  ])("with %s is reported as such", async ([, text, message]) => {
    await using folder = cliFolder(text);
    const { code, stderr } = await folder.run(["tasks"]);
    expect(code).toBe(1);
    expect(stderr).toContain("taskwright.config.ts could not be loaded.");
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/jiti\.cjs|node:internal/);
  });

  test.for<[string, string, string]>([
    ["nothing", "export {};", "it exports nothing"],
    ["something else", "export default 5; export const a = null;", "it exports a (null), default (number)"],
    ["a server of another kind", "export const server = { listen() {} };", "it exports server (object)"],
  ])("that exports %s is told what it should export", async ([, text, message]) => {
    await using folder = cliFolder(text);
    const { code, stderr } = await folder.run(["tasks"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`gives no server: ${message}.`);
    expect(stderr).toContain("It must give what createTaskServer() made");
  });

  test("with a mistake in Taskwright's own options shows that sentence at the user's line", async () => {
    await using folder = cliFolder(
      `import { createTaskServer } from ${JSON.stringify(import.meta.resolve("@taskwright/server"))};\nexport default createTaskServer({ taks: 1 } as never);\n`,
    );
    const { code, stderr } = await folder.run(["tasks"]);
    expect(code).toBe(1);
    expect(stderr).toContain('createTaskServer() has no option "taks". Did you mean "tasks"?');
    expect(stderr).toContain(`${join(folder.path, "taskwright.config.ts")}:2:`);
  });
});

describe.concurrent("doctor", () => {
  test("lists what it examined and ends with 0 when there is no error", async () => {
    await using folder = projectFolder();
    const { code, stdout, stderr } = await folder.run(["doctor"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`ok       node             Node ${process.versions.node}.`);
    expect(stdout).toContain("ok       tasks            5 tasks, each with a handler.");
    expect(stdout).toContain("ok       backend default  It is a sqlite backend and opens.");
    expect(stdout).toContain("ok       backend bulk     It is a sqlite backend and opens.");
    expect(stdout).toMatch(/\n0 errors, \d+ warnings?\.\n$/);
  });

  test("names tasks without a handler", async () => {
    await using folder = cliFolder(`export { server as default } from ${serverFile};`);
    const { code, stdout } = await folder.run(["doctor", "--json"]);
    expect(code).toBe(0);
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(true);
    expect(findings).toContainEqual({
      subject: "tasks",
      level: "warning",
      message:
        "3 of 5 tasks have no handler here, so this config's workers leave them READY: sendEmail, hold, count.",
    });
  });

  test("ends with 1 and examines the rest when a backend does not open", async () => {
    await using folder = projectFolder();
    const { code, stdout } = await folder.run(["doctor", "--json"], { env: { BROKEN_BULK: "yes" } });
    expect(code).toBe(1);
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(findings).toContainEqual(expect.objectContaining({ subject: "backend bulk", level: "error" }));
    expect(findings).toContainEqual(expect.objectContaining({ subject: "backend default", level: "ok" }));
  });

  test("reports a config that throws as its finding", async () => {
    await using folder = cliFolder("throw new Error('no DATABASE_URL');");
    const { code, stdout } = await folder.run(["doctor"]);
    expect(code).toBe(1);
    expect(stdout).toContain("error    config  ");
    expect(stdout).toContain("Error: no DATABASE_URL");
    expect(stdout).toContain("1 error, 0 warnings.");
  });
});

test("a listing that nobody reads to its end ends as one that SIGPIPE ended", async () => {
  await using folder = projectFolder();
  const listing = folder.start(["tasks"]);
  listing.stopReading();
  expect((await listing.ended).code).toBe(141);
});

test.skipIf(!existsSync("/dev/full"))(
  "output that cannot be written is told of, with exit code 1",
  async () => {
    await using folder = projectFolder();
    const { code, stderr } = await folder.start(["tasks"], { stdout: "/dev/full" }).ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^Error: The output could not be written: ENOSPC.*\n$/),
    });
  },
);
