// Sends one mail: into the outbox folder, or to an SMTP server. Both may be asked twice for the same mail, when a worker
// died before it could say that it was done; `key.id` is the same each time.
import { access, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NonRetryable } from "@taskwright/server";
import { createTransport } from "nodemailer";
import type { Sender, Settings } from "./settings.ts";
import type { Contact } from "./tasks.ts";

export interface MailKey {
  /** The task result's id. */
  readonly id: string;
  /** The attempt's number, from 1. */
  readonly attempt: number;
}

export interface Mailer {
  /** Gives the Message-ID. */
  send(contact: Contact, key: MailKey): Promise<string>;
  close(): void;
}

export async function createMailer(settings: Settings): Promise<Mailer> {
  if (settings.smtpUrl !== undefined) return smtpMailer(settings.smtpUrl, settings.from);
  await mkdir(settings.outbox, { recursive: true });
  return outboxMailer(settings.outbox, settings.from);
}

function compose(contact: Contact, from: Sender, id: string) {
  return {
    from: { ...from }, // nodemailer does not promise to leave it as it is
    to: { name: contact.name, address: contact.email },
    subject: contact.subject,
    text: contact.body,
    messageId: messageId(id),
  };
}

/** Made from the task result's id, so that whoever gets a mail twice can tell. */
function messageId(id: string): string {
  return `<${id}@quickstart.taskwright.example>`;
}

/** Writes `<id>.eml`: complete or not at all, and once. */
function outboxMailer(folder: string, from: Sender): Mailer {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  return {
    send: async (contact, { id, attempt }) => {
      const file = join(folder, `${id}.eml`);
      const unfinished = (number: number) => join(folder, `.${id}.${number}.tmp`);
      for (let earlier = 1; earlier < attempt; earlier++) await rm(unfinished(earlier), { force: true });
      // The task is recorded as done on disk; so the mail must be on disk before: its bytes, then its name.
      if (!(await exists(file))) {
        const mail = await composer.sendMail(compose(contact, from, id));
        try {
          await writeFile(unfinished(attempt), mail.message as Buffer, { flush: true });
          await rename(unfinished(attempt), file);
        } catch (error) {
          await rm(unfinished(attempt), { force: true });
          const { code, message } = error as NodeJS.ErrnoException;
          throw new Error(`Cannot write to ${folder}: ${code ?? message}`, { cause: error });
        }
      }
      // Also for a name that is there already: an attempt that was killed after its rename did not come to this.
      await syncFolder(folder);
      return messageId(id);
    },
    close: () => composer.close(),
  };
}

function smtpMailer(url: URL, from: Sender): Mailer {
  const server = createTransport({
    url: url.href,
    pool: true,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  });
  return {
    send: async (contact, { id }) => {
      try {
        return (await server.sendMail(compose(contact, from, id))).messageId;
      } catch (error) {
        const { responseCode = 0, message } = error as { responseCode?: number; message: string };
        // 5xx is a final no (such as an unknown mailbox); 4xx and lost connections are worth another attempt.
        if (responseCode >= 500) throw new NonRetryable(message, { cause: error });
        throw error;
      }
    },
    close: () => server.close(),
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // Windows has no such call, and needs none.
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
