import { callBeforeExit } from "./before-exit.ts";
import type { CliIo, StopSignal } from "./cli-io.ts";
import { LostOutput } from "./lost-output.ts";
import { runCli } from "./run-cli.ts";

const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

const lost = new LostOutput(process.stdout, process.stderr);

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
  neglectOutput: () => lost.neglect(),
  exit: (code) => process.exit(code),
};

// A handler that waits for something Node does not count as work must not end the process under it.
setInterval(() => {}, 2 ** 31 - 1);

const code = await runCli(process.argv.slice(2), io);
await callBeforeExit(process, lost.exitCode(code), process.stderr);
const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => stream.write("", () => resolve()));
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// Handlers that ignored their signal, and what the config opened, must not keep a finished command alive.
process.exit(lost.exitCode(code));
