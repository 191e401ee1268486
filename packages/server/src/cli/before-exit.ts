import type { CliStream } from "./cli-io.ts";
import { safeLines } from "./terminal-text.ts";

/** As long as listeners may take together. */
const PATIENCE_S = 5;

/** What listeners are registered on, such as `process`. */
interface EndingProcess {
  rawListeners(event: "beforeExit"): readonly unknown[];
}

/**
 * Calls the listeners of `beforeExit` and waits for what they return, 5 s at most; what goes wrong is said on `stderr`.
 *
 * Node calls them only where nothing is left to do, and never at `process.exit()`; set-ups of OpenTelemetry send their
 * last spans there.
 */
export async function callBeforeExit(target: EndingProcess, code: number, stderr: CliStream): Promise<void> {
  const listeners = target.rawListeners("beforeExit") as readonly ((code: number) => unknown)[];
  if (listeners.length === 0) return;
  // What a command has done is done: a listener that fails changes neither that nor its exit code.
  const say = (text: string) => void stderr.write(`Error: ${safeLines(text)}\n`);
  const calls = listeners.map(async (listener) => {
    try {
      await listener.call(target, code);
    } catch (error) {
      say(`A listener of beforeExit failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      say(`The listeners of beforeExit have not ended within ${PATIENCE_S} s; exiting without them.`);
      resolve();
    }, PATIENCE_S * 1_000);
  });
  await Promise.race([Promise.all(calls), late]).finally(() => clearTimeout(timer));
}
