import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of all packages. */
export const PACKAGES: string = fileURLToPath(new URL("../../packages", import.meta.url));
const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:type|interface|class) (\w+)/gm;

/** The entry points of all packages, by the path of their source. */
export const ENTRY_POINTS: readonly string[] = globSync("*/package.json", { cwd: PACKAGES }).flatMap(
  (manifest) => {
    const { exports }: { exports: Record<string, { default: string }> } = JSON.parse(
      readFileSync(`${PACKAGES}/${manifest}`, "utf8"),
    );
    return Object.values(exports).map(
      (entry) =>
        `${PACKAGES}/${manifest.replace("package.json", "")}${entry.default.replace("./dist", "src").replace(".js", ".ts")}`,
    );
  },
);

/** The types that an entry point exports, by name; values count too, as a class is both. */
export function exportedNames(entryPoint: string): readonly string[] {
  const source = readFileSync(entryPoint, "utf8");
  const listed = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
    names
      .split(",")
      .map((name) => name.replace("type ", "").trim())
      .filter((name) => name !== ""),
  );
  const declared = [...source.matchAll(/^export (?:interface|type|class|function|const) (\w+)/gm)].map(
    ([, name = ""]) => name,
  );
  return [...listed, ...declared];
}

/** The types that are declared in a package and that no entry point exports. */
export function internalTypeNames(): ReadonlySet<string> {
  const exported = new Set(ENTRY_POINTS.flatMap(exportedNames));
  const sources = globSync("*/src/**/*.ts", {
    cwd: PACKAGES,
    exclude: (name) => /\.test(-d)?\.ts$/.test(name),
  });
  const declared = sources.flatMap((file) =>
    [...readFileSync(`${PACKAGES}/${file}`, "utf8").matchAll(DECLARED)].map(([, name = ""]) => name),
  );
  return new Set(declared.filter((name) => !exported.has(name)));
}
