// A process that starts a server, tells where it is, and ends without stopping it when and as it is told to.
import { startServer } from "./provide-servers.ts";

/** What the process tells. */
export interface OwnedServer {
  readonly url: string;
  readonly processId: number | undefined;
}

/** What the process is told: to exit, or to be ended by this signal. */
export interface OwnerEnd {
  readonly signal: NodeJS.Signals | null;
}

const { url, processId } = await startServer("postgres");
process.once("message", ({ signal }: OwnerEnd) => {
  if (signal === null) process.exit();
  process.kill(process.pid, signal);
});
process.send?.({ url, processId } satisfies OwnedServer);
