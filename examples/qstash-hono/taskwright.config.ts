// For the command line: `npx taskwright schedules list` and `npx taskwright dead-letters list`, in this folder.
import { createServer } from "./server.ts";

export default createServer;
