import type { Backend } from "@taskwright/server/backend";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";

/** Opens a backend, which is closed when the test ends. */
export async function opened(backend: Backend): Promise<Backend> {
  await backend.open();
  onTestFinished(() => backend.close());
  return backend;
}

/** A client whose server runs scripts as changed: as one with another clock, or with other limits, would. */
export function clientThatRuns(url: string, change: (script: string) => string): Redis {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  overrideCalls(client, (command, args, call) => {
    if (command === "evalsha") return Promise.reject(new Error("NOSCRIPT of the test's"));
    const [script, ...rest] = args;
    return call(command, command === "eval" ? [change(String(script)), ...rest] : args);
  });
  return client;
}

/** Sends a command as it stands. */
type Call = (command: string, args: readonly (string | number)[]) => Promise<unknown>;

/** Lets a test decide what becomes of the commands that a backend sends by a client. */
export function overrideCalls(
  client: Redis,
  answer: (command: string, args: readonly (string | number)[], call: Call) => Promise<unknown>,
): void {
  const call = client.call.bind(client) as unknown as Call;
  const own: Call = (command, args) => answer(command, args, call);
  client.call = own as unknown as typeof client.call;
}
