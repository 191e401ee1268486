import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The lines inside a Markdown file's fenced code blocks. */
function codeLines(markdown: string): string[] {
  const blocks = markdown.matchAll(/^ *```[^\n]*\n(.*?)^ *```/gms);
  return [...blocks].flatMap(([, code = ""]) => code.split("\n").map((line) => line.trim()));
}

/** "npm ci && npm test" is two commands. */
function parts(commands: readonly string[]): string[] {
  return commands.flatMap((command) =>
    command.split("&&").map((part) => part.replace(" --silent", "").trim()),
  );
}

const readme = codeLines(read("README.md"));
const contributing = codeLines(read("CONTRIBUTING.md"));
const ciCommands = [...read(".ci/run").matchAll(/^run "([^"]+)"/gm)].map(([, command = ""]) => command);

test("the README shows the two commands, each as a line of its own", () => {
  expect(readme).toContain("npm ci && npm start");
  expect(readme).toContain("npm ci && npm test");
});

test("CI runs the README's test command as it stands there", () => {
  expect(ciCommands).toContain("npm ci && npm test");
});

test("CI runs nothing that the README or CONTRIBUTING does not tell a reader to run", () => {
  const told = new Set(parts([...readme, ...contributing]));
  expect(parts(ciCommands).filter((command) => !told.has(command))).toEqual([]);
});

test("npm run check is what CI runs, without npm ci", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
  const installed = parts(ciCommands).filter((command) => command !== "npm ci");
  expect(parts([scripts.check ?? ""]).sort()).toEqual(installed.sort());
});
