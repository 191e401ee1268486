// A process that starts a server, tells where it is, and ends without stopping it when it is told to.
import { startServer } from "./provide-servers.ts";

/** What the process tells. */
export interface OwnedServer {
  readonly url: string;
  readonly processId: number | undefined;
}

const { url, processId } = await startServer("postgres");
process.once("message", () => process.exit());
process.send?.({ url, processId } satisfies OwnedServer);
