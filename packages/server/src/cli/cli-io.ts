import type { Readable, Writable } from "node:stream";

/** A stream to write to that may be a terminal. */
export interface CliStream extends Writable {
  readonly isTTY?: boolean;
  /** The terminal's width in characters. */
  readonly columns?: number;
}

/** Signals that ask a process to end. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** Everything of a process that the command line touches, so that it can be run inside another one. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: CliStream;
  readonly stderr: CliStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  currentFolder(): string;
  changeFolder(folder: string): void;
  /** Calls back at each such signal, which then does nothing else, until what it returns is called. */
  onStopSignal(listener: (signal: StopSignal) => void): () => void;
  /** Lets the command end with its own exit code although nobody reads what it says. */
  neglectOutput(): void;
  /** Ends the process at once. */
  exit(code: number): void;
}
