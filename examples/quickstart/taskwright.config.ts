// For the command line: `npx taskwright results list`, in this folder, shows what became of each mail.
import { createMailer } from "./mail.ts";
import { createServer } from "./server.ts";
import { readSettings } from "./settings.ts";

export default async () => {
  const settings = readSettings();
  return createServer(settings.databaseFile, await createMailer(settings));
};
