import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { TSC } from "./compiler.ts";
import type { ProjectFiles } from "./project-layout.ts";

/** What the compiler says about one check of a project. */
export interface TypeCheck {
  /** From the start of the process to its end, in seconds. */
  readonly seconds: number;
  /** What the compiler calls "Check time", in seconds. */
  readonly checkSeconds: number;
  readonly instantiations: number;
  readonly memoryMb: number;
}

const GENERATED = join(dirname(fileURLToPath(import.meta.url)), "generated");

const TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    lib: ["es2024", "esnext.disposable", "dom"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
  },
  include: ["**/*.ts"],
};

/** A project on disk, inside this repository, so that its imports find what the repository has installed. */
export class ProjectFolder {
  readonly path: string;

  constructor(files: ProjectFiles) {
    mkdirSync(GENERATED, { recursive: true });
    this.path = mkdtempSync(join(GENERATED, "project-"));
    this.#write("package.json", '{ "type": "module" }\n');
    this.#write("tsconfig.json", `${JSON.stringify(TSCONFIG, null, 2)}\n`);
    for (const [path, text] of files) this.#write(path, text);
  }

  #write(path: string, text: string): void {
    const file = join(this.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function numberAfter(label: string, output: string): number {
  const found = new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(output)?.[1];
  if (found === undefined) throw new Error(`The compiler printed no "${label}":\n${output}`);
  return Number(found);
}

/**
 * Checks a project in a process of its own; rejects with the compiler's messages when it has errors.
 *
 * `isSingleThreaded` makes the instantiations the same every time; otherwise checkers that share the work repeat some.
 */
export function checkTypes(
  folder: ProjectFolder,
  options: { readonly isSingleThreaded: boolean },
): Promise<TypeCheck> {
  const args = ["-p", folder.path, "--extendedDiagnostics", "--pretty", "false"];
  if (options.isSingleThreaded) args.push("--singleThreaded");
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [TSC, ...args], { maxBuffer: 2 ** 26 }, (error, stdout) => {
      const seconds = (performance.now() - startedAt) / 1_000;
      if (error !== null) {
        reject(
          new Error(`The generated project does not compile:\n${stdout.slice(0, 4_000)}`, { cause: error }),
        );
        return;
      }
      resolve({
        seconds,
        checkSeconds: numberAfter("Check time", stdout),
        instantiations: numberAfter("Instantiations", stdout),
        memoryMb: numberAfter("Memory used", stdout) / 1_000,
      });
    });
  });
}
