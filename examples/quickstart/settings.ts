// Where things are, read from the environment once.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { contact } from "./tasks.ts";

export interface Sender {
  readonly name: string;
  readonly address: string;
}

export interface Settings {
  /** Holds the outbox and the database. */
  readonly folder: string;
  readonly outbox: string;
  readonly databaseFile: string;
  /** Absent: mails are written to the outbox. */
  readonly smtpUrl: URL | undefined;
  readonly from: Sender;
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
    from: parseSender(env.MAIL_FROM || "Taskwright quickstart <quickstart@example.com>"),
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

/** `Ann <ann@example.com>`, or the address alone. */
function parseSender(text: string): Sender {
  const parts = /^([^<>\r\n]*)<([^<>\r\n]*)>$/.exec(text.trim()) ?? ["", "", text.trim()];
  const name = (parts[1] ?? "").trim().replace(/^"(.*)"$/, "$1");
  const address = (parts[2] ?? "").trim();
  // What a recipient's address and name must be like holds for the sender's as well.
  const isUsable =
    contact.shape.email.safeParse(address).success && contact.shape.name.safeParse(name).success;
  if (isUsable) return { name, address };
  throw new BadSettingError(
    'MAIL_FROM must look like "Ann <ann@example.com>" or ann@example.com, on one line.',
  );
}
