import type { CliStream } from "./cli-io.ts";

/** What a shell reports of a program that SIGPIPE ended. */
const PIPE_CLOSED = 141;

/**
 * Keeps readers that leave a pipe, such as `head`, and disks that are full from ending what is at work: what is said
 * from then on is discarded.
 */
export class LostOutput {
  #error: NodeJS.ErrnoException | null = null;
  #isNeeded = true;

  constructor(stdout: CliStream, stderr: CliStream) {
    // Nobody is left to be told of it.
    stderr.on("error", () => {});
    stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#error !== null) return;
      this.#error = error;
      if (error.code !== "EPIPE") stderr.write(`Error: The output could not be written: ${error.message}\n`);
    });
  }

  /** Lets the command end with its own exit code although its output is lost. */
  neglect(): void {
    this.#isNeeded = false;
  }

  /** The exit code of a command that ended with `code`: output that was needed and lost is a failure. */
  exitCode(code: number): number {
    if (this.#error === null || !this.#isNeeded || code !== 0) return code;
    return this.#error.code === "EPIPE" ? PIPE_CLOSED : 1;
  }
}
