// Turns rows into tasks. Rows that say the same become one task, however often and in whatever file they come.
import { createHash } from "node:crypto";
import { type AsyncResult, isTaskError, type TaskClient } from "@taskwright/shared";
import type { BadRow, ContactRow } from "./read-contacts.ts";
import type { Contact, tasks } from "./tasks.ts";

export interface EnqueuedMail {
  readonly line: number;
  readonly result: AsyncResult<{ messageId: string }>;
}

export interface EnqueuedContacts {
  readonly mails: readonly EnqueuedMail[];
  /** Rows that a task cannot carry. */
  readonly badRows: readonly BadRow[];
}

const AT_ONCE = 500;

export async function enqueueContacts(
  client: TaskClient<typeof tasks>,
  rows: readonly ContactRow[],
  signal: AbortSignal,
): Promise<EnqueuedContacts> {
  const mails: EnqueuedMail[] = [];
  const badRows: BadRow[] = [];
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    signal.throwIfAborted();
    // Calls made together travel to the database together; each resolves when its own task is safely stored.
    const outcomes = await Promise.all(rows.slice(start, start + AT_ONCE).map((row) => enqueue(client, row)));
    for (const outcome of outcomes) {
      if ("reason" in outcome) badRows.push(outcome);
      else mails.push(outcome);
    }
  }
  return { mails, badRows };
}

async function enqueue(
  client: TaskClient<typeof tasks>,
  { line, contact }: ContactRow,
): Promise<EnqueuedMail | BadRow> {
  try {
    return {
      line,
      result: await client.tasks.sendEmail.enqueue(contact, { deduplicationId: rowId(contact) }),
    };
  } catch (error) {
    if (isTaskError(error, "PAYLOAD_ERROR")) return { line, reason: error.message };
    throw error;
  }
}

/** Separates rows from those that say the same as one before them. */
export function withoutRepeats(rows: readonly ContactRow[]): {
  distinct: ContactRow[];
  repeats: ContactRow[];
} {
  const seen = new Set<string>();
  const distinct: ContactRow[] = [];
  const repeats: ContactRow[] = [];
  for (const row of rows) {
    const id = rowId(row.contact);
    (seen.has(id) ? repeats : distinct).push(row);
    seen.add(id);
  }
  return { distinct, repeats };
}

/** The same for rows that mean the same mail. */
function rowId({ email, name, subject, body }: Contact): string {
  const fields = [email.toLowerCase(), name, subject, body.trimEnd()];
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}
