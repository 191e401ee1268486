import type { CliIo, StopSignal } from "./cli-io.ts";
import { runCli } from "./run-cli.ts";

const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

const io: CliIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  currentFolder: () => process.cwd(),
  changeFolder: (folder) => process.chdir(folder),
  onStopSignal: (listener) => {
    for (const signal of STOP_SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of STOP_SIGNALS) process.off(signal, listener);
    };
  },
  exit: (code) => process.exit(code),
};

/** What a shell reports of a program that SIGPIPE ended. */
const PIPE_CLOSED = 141;

// The reader of a pipe, such as `head`, may leave before everything is said.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(PIPE_CLOSED);
  throw error;
});

// A handler that waits for something Node does not count as work must not end the process under it.
setInterval(() => {}, 2 ** 31 - 1);

const code = await runCli(process.argv.slice(2), io);
const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => stream.write("", () => resolve()));
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// Handlers that ignored their signal, and what the config opened, must not keep a finished command alive.
process.exit(code);
