import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkTypes, ProjectFolder } from "../../bench/types/type-check.ts";
import { SURROUNDINGS, type Surroundings } from "./fixtures/docs/surroundings.ts";
import { type CodeBlock, REPOSITORY, readMarkdown } from "./markdown.ts";

const DOCUMENTS = globSync(["README.md", "docs/**/*.md", "packages/*/README.md"], { cwd: REPOSITORY });

/** The file that a block says it is, in its first line: `// tasks.ts: the contract`. */
function ownName({ code }: CodeBlock): string | undefined {
  return /^\/\/ ([\w.-]+\.ts)\b/.exec(code)?.[1];
}

/** The code of a document as the files of a folder. */
function programOf(document: string): [string, string][] {
  const folder = document.replaceAll("/", "-").replace(".md", "");
  const { files = {}, before = {} }: Surroundings = SURROUNDINGS[document] ?? {};
  const blocks = readMarkdown(join(REPOSITORY, document)).blocks.filter(({ language }) => language === "ts");
  const shown = blocks.map((block, index): [string, string] => {
    const name = ownName(block) ?? `line-${block.line}.ts`;
    return [`${folder}/${name}`, `${before[index + 1] ?? ""}${block.code}export {};\n`];
  });
  return [
    ...Object.entries(files).map(([name, text]): [string, string] => [`${folder}/${name}`, text]),
    ...shown,
  ];
}

test("every TypeScript block of the documents compiles", async () => {
  const programs = DOCUMENTS.flatMap(programOf);
  expect(programs.length).toBeGreaterThan(12);
  using folder = new ProjectFolder(new Map(programs));
  await checkTypes(folder, { isSingleThreaded: false });
});

test("what stands around a document's code belongs to a block that is there", () => {
  for (const [document, { before = {} }] of Object.entries(SURROUNDINGS)) {
    expect(DOCUMENTS).toContain(document);
    const { blocks } = readMarkdown(join(REPOSITORY, document));
    const count = blocks.filter(({ language }) => language === "ts").length;
    expect(Object.keys(before).filter((place) => Number(place) > count)).toEqual([]);
  }
});
