// For the command line: `npx taskwright status` and `npx taskwright results list`, in this folder.
import { createServer } from "./server.ts";

export default createServer;
