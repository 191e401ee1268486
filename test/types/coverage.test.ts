import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { expect, test } from "vitest";
import { ENTRY_POINTS, exportedNames, PACKAGES } from "./public-types.ts";

/** The names that a package's type tests import. */
function testedNames(packageFolder: string): ReadonlySet<string> {
  const files = globSync("src/**/*.test-d.ts", { cwd: packageFolder });
  const imports = files.flatMap((file) => [
    ...readFileSync(`${packageFolder}/${file}`, "utf8").matchAll(/^import (?:type )?\{([^}]*)\} from "\./gm),
  ]);
  return new Set(
    imports.flatMap(([, names = ""]) => names.split(",").map((name) => name.replace("type ", "").trim())),
  );
}

test.each(ENTRY_POINTS.map((file) => [relative(PACKAGES, file), file]))(
  "every export of %s has a type test",
  (_name, entryPoint) => {
    const exported = exportedNames(entryPoint);
    expect(exported).not.toEqual([]);
    const tested = testedNames(entryPoint.slice(0, entryPoint.indexOf("/src/")));
    expect(exported.filter((name) => !tested.has(name))).toEqual([]);
  },
);
