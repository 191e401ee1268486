import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const REPOSITORY = new URL("../../../../../", import.meta.url);
const PAGE = readFileSync(new URL("docs/backends/qstash.md", REPOSITORY), "utf8");

function sourceOf(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

test("the documentation has every option, with its default, and every environment variable", () => {
  const source = sourceOf("options.ts");
  const [, list = ""] = /const OPTIONS[^[]*\[([^\]]*)\]/.exec(source) ?? [];
  const options = [...list.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
  expect(options.length).toBeGreaterThan(10);
  for (const name of options) {
    expect(PAGE).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, "m"));
    const [, known] =
      new RegExp(`@default ([^\\n]+?)(?: \\*/\\n|\\n \\s*\\*/\\n)\\s*readonly ${name}\\?`).exec(source) ?? [];
    // The first word: a literal, or the variable that it comes from.
    const [first] = known?.split(/[ ,]/) ?? [];
    if (first !== undefined && first !== "none")
      expect(PAGE).toMatch(new RegExp(`^\\| \`${name}\` +\\|[^|]*\`${first}\``, "m"));
  }
  const variables = new Set([...source.matchAll(/\benv\.([A-Z_]+)/g)].map(([, name = ""]) => name));
  expect(variables).toContain("QSTASH_TOKEN");
  for (const name of [...variables, "TASKWRIGHT_RESULT_TTL", "QSTASH_DEV"])
    expect(PAGE).toMatch(new RegExp(`\`${name}\\b`));
});

test("the documentation has what a message may be asked to say", () => {
  const [, members = ""] =
    /interface QstashMessageOptions \{([\s\S]*?)\n\}/.exec(sourceOf("options.ts")) ?? [];
  const names = [...members.matchAll(/^ {2}readonly (\w+)\?/gm)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(PAGE).toMatch(new RegExp(`\\b${name}(\`|:)`));
});

test("the documentation has every reason of a refused signature, and how to mend it", () => {
  const [, mends = ""] = /const MENDS[^{]*\{([^}]*)\}/.exec(sourceOf("signature.ts")) ?? [];
  const reasons = [...mends.matchAll(/^ {2}"?([a-z-]+)"?:/gm)].map(([, name = ""]) => name);
  expect(reasons).toContain("wrong-key");
  for (const reason of reasons) expect(PAGE).toMatch(new RegExp(`^\\| \`${reason}\` +\\|.*\\|.*\\w`, "m"));
});

test("every fact of django-qstash has its place, and says what holds it", () => {
  const rows = PAGE.split("\n").filter((line) => /^\| A\d\d/.test(line));
  const known = new Set(rows.flatMap((row) => row.split("|")[1]?.match(/A\d\d/g) ?? []));
  const wanted = Array.from({ length: 80 }, (_, index) => `A${String(index + 1).padStart(2, "0")}`);
  expect([...known].sort()).toEqual(wanted);
  const tests = rows
    .flatMap((row) => row.split("|")[4]?.match(/`[^`]+`/g) ?? [])
    .map((code) => code.slice(1, -1));
  expect(tests.length).toBeGreaterThan(20);
  const folders: Readonly<Record<string, string>> = {
    shared: "packages/shared/src",
    qstash: "packages/server/src/backends/qstash",
    e2e: "test/e2e",
    examples: "examples",
  };
  const pathOf = (name: string) => {
    const [folder = "", ...rest] = name.split("/");
    return rest.length === 0 ? `test/conformance/${name}` : [folders[folder], ...rest].join("/");
  };
  expect(tests.map(pathOf).filter((path) => !existsSync(new URL(path, REPOSITORY)))).toEqual([]);
});
