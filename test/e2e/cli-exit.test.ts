import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CliFolder, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

/** Writes the exit code it was told after a turn of the event loop, as an exporter of spans sends its last ones. */
const SAYS_GOODBYE = `
  import { writeFileSync } from "node:fs";
  process.once("beforeExit", async (code: number) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    writeFileSync("goodbye", "code " + code);
  });`;

/** The environment in which Node loads a module of this text before the command. */
function preloaded(folder: CliFolder, text: string): Record<string, string> {
  return { NODE_OPTIONS: `--import ${folder.write("telemetry.ts", text)}` };
}

function goodbye(folder: CliFolder): string | null {
  const file = join(folder.path, "goodbye");
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

describe.concurrent("listeners of beforeExit", () => {
  test("are called and waited for when a worker with --once ends", async () => {
    await using folder = projectFolder();
    const env = preloaded(folder, SAYS_GOODBYE);
    expect(await folder.run(["worker", "--once"], { env })).toMatchObject({ code: 0, stderr: "" });
    expect(goodbye(folder)).toBe("code 0");
  });

  test("are called and waited for after SIGTERM, once the handler that runs has ended", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const held = await client.tasks.hold.delay({ releaseFile: join(folder.path, "release") });
    const env = preloaded(folder, SAYS_GOODBYE);
    const worker = folder.start(["worker", "--log-level", "debug"], { env });
    await worker.said("hold attempt 1 started");
    worker.signal("SIGTERM");
    await worker.said("SIGTERM: stopping");
    expect(goodbye(folder)).toBeNull();
    folder.write("release", "");
    expect((await worker.ended).code).toBe(0);
    expect(await held.get()).toBe("released");
    expect(goodbye(folder)).toBe("code 0");
  });

  test("are told the exit code of a command that fails", async () => {
    await using folder = projectFolder();
    const env = preloaded(folder, SAYS_GOODBYE);
    expect((await folder.run(["results", "show", "none"], { env })).code).toBe(1);
    expect(goodbye(folder)).toBe("code 1");
  });

  test("that never end do not keep the command, which says so", async () => {
    await using folder = projectFolder();
    const env = preloaded(folder, 'process.on("beforeExit", () => new Promise(() => {}));');
    const { code, stderr } = await folder.run(["status"], { env });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Error: The listeners of beforeExit have not ended within 5 s; exiting without them.\n",
    });
  });

  test("that fail are told of, keep no other from being called, and change no exit code", async () => {
    await using folder = projectFolder();
    const failing = 'process.on("beforeExit", () => { throw new Error("no collector"); });';
    const env = preloaded(folder, `${failing}${SAYS_GOODBYE}`);
    const { code, stderr } = await folder.run(["status"], { env });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "Error: A listener of beforeExit failed: no collector\n",
    });
    expect(goodbye(folder)).toBe("code 0");
  });
});
