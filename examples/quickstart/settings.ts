// Where things are, read from the environment once.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

export interface Settings {
  /** Holds the outbox and the database. */
  readonly folder: string;
  readonly outbox: string;
  readonly databaseFile: string;
  /** Absent: mails are written to the outbox. */
  readonly smtpUrl: URL | undefined;
  readonly from: string;
}

/** A setting cannot be used; the message says which and why. */
export class BadSettingError extends Error {
  override readonly name = "BadSettingError";
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const folder = env.QUICKSTART_DIR || import.meta.dirname;
  const smtpUrl = env.SMTP_URL ? parseSmtpUrl(env.SMTP_URL) : undefined;
  return {
    folder,
    outbox: join(folder, "outbox"),
    databaseFile: join(folder, databaseName(smtpUrl)),
    smtpUrl,
    from: env.MAIL_FROM || "Taskwright quickstart <quickstart@example.com>",
  };
}

export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new BadSettingError(`Cannot write to ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

/** A database per destination: what a rehearsal wrote to the outbox has not been sent to anybody. */
function databaseName(smtpUrl: URL | undefined): string {
  return smtpUrl === undefined ? "taskwright.db" : `taskwright-${smtpUrl.host.replace(/[^\w.-]+/g, "-")}.db`;
}

function parseSmtpUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== "") return url;
  throw new BadSettingError("SMTP_URL must look like smtp://user:password@host:587 (or smtps://…).");
}
