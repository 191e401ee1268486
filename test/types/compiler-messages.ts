import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TSC } from "../../bench/types/compiler.ts";

/** One message of the compiler with the lines that explain it. */
export interface CompilerMessage {
  /** Relative to the project's folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const HEAD = /^(\S[^()]*)\((\d+),\d+\): error TS\d+: /;

/** Compiles a folder with a tsconfig.json and gives the messages; rejects when the compiler says something else. */
export function compilerMessages(folder: string): Promise<readonly CompilerMessage[]> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [TSC, "-p", ".", "--pretty", "false"],
      { cwd: folder, maxBuffer: 2 ** 24 },
      (_error, stdout, stderr) => {
        const messages: CompilerMessage[] = [];
        for (const block of stdout.split(/\n(?=\S)/)) {
          const head = HEAD.exec(block);
          if (head === null) {
            reject(new Error(`The compiler said:\n${block}\n${stderr}`));
            return;
          }
          const [start, file = "", line] = head;
          messages.push({ file, line: Number(line), text: block.slice(start.length).trim() });
        }
        resolve(messages);
      },
    );
  });
}

/** Wrong code of a fixture, and what the compiler must say about it. */
export interface WrongCode {
  readonly file: string;
  readonly code: string;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Texts that its messages must hold, from the comments `//=> …` under it. */
  readonly expected: readonly string[];
}

/** Reads a fixture in which each piece of wrong code is followed by lines `//=> what the compiler must say`. */
export function readWrongCode(folder: string, file: string): readonly WrongCode[] {
  const found: WrongCode[] = [];
  let firstLine = 1;
  let code: string[] = [];
  let expected: string[] = [];
  for (const [index, line] of [...readFileSync(join(folder, file), "utf8").split("\n"), ""].entries()) {
    if (line.startsWith("//=> ")) {
      expected.push(line.slice("//=> ".length));
      continue;
    }
    if (expected.length > 0) {
      found.push({ file, code: code.join("\n").trim(), firstLine, lastLine: index, expected });
      firstLine = index + 1;
      code = [];
      expected = [];
    }
    // What stands before a blank line is right code that the wrong code below it uses.
    code = line === "" ? [] : [...code, line];
  }
  return found;
}
