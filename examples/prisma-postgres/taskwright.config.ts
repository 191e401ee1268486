// For the command line: `npx taskwright migrate` and `npx taskwright results list`, in this folder.
import { openDatabase } from "./database.ts";
import { printingMailer } from "./printing-mailer.ts";
import { createServer } from "./server.ts";
import { databaseUrl } from "./settings.ts";

export default () => createServer(openDatabase(databaseUrl()), printingMailer);
