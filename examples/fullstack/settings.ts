// What the environment may say; without any of it, everything works on this machine.
import { randomBytes } from "node:crypto";

export const port = Number(process.env.PORT || 3000);
export const databaseFile = process.env.DATABASE_FILE || "fullstack.db";
/** With one of your own, who is signed in stays so when the server starts again. */
export const secret = process.env.SESSION_SECRET || randomBytes(32).toString("hex");
