import { createInterface } from "node:readline";
import type { CliIo } from "./cli-io.ts";

/** Asks a yes-or-no question on stderr; an end of input or Ctrl-C is a no. */
export async function confirmed(io: CliIo, question: string): Promise<boolean> {
  const reader = createInterface({
    input: io.stdin,
    output: io.stderr,
    terminal: io.stdin.isTTY === true && io.stderr.isTTY === true,
  });
  try {
    return await new Promise((resolve) => {
      reader.once("close", () => resolve(false));
      reader.once("SIGINT", () => resolve(false));
      reader.question(`${question} [y/N] `, (answer) => resolve(/^y(es)?$/i.test(answer.trim())));
    });
  } finally {
    reader.close();
  }
}
