import { existsSync, globSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY, readMarkdown } from "./markdown.ts";

const FILES = globSync(["*.md", "docs/**/*.md", "examples/*/*.md", "packages/*/*.md"], { cwd: REPOSITORY });

/** What is wrong with a link, or undefined. */
function fault(file: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = "", anchor] = target.split("#");
  const found = path === "" ? file : resolve(dirname(file), path);
  if (!existsSync(found)) return "no such file";
  if (relative(REPOSITORY, found).startsWith("..")) return "outside of the repository";
  if (anchor === undefined || readMarkdown(found).anchors.has(anchor)) return undefined;
  return "no such heading";
}

test("there are documents", () => {
  expect(FILES).toContain("README.md");
  expect(FILES.length).toBeGreaterThan(8);
});

test.each(FILES)("every link of %s leads to a file and a heading that are there", (name) => {
  const file = join(REPOSITORY, name);
  const faults = readMarkdown(file).links.flatMap(({ line, target }) => {
    const found = fault(file, target);
    return found === undefined ? [] : [`${name}:${line}: ${target}: ${found}`];
  });
  expect(faults).toEqual([]);
});
