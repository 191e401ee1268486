// For the command line: `npx taskwright results list` and `npx taskwright retry`, in this folder.
import { pretendMailer } from "./mailer.ts";
import { createServer } from "./server.ts";
import { databaseFile } from "./settings.ts";

export default () => createServer(databaseFile, pretendMailer);
