import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { NewTask, OutboxRow, OutboxSource } from "../../backend/index.ts";
import type { SqlRow } from "../sql/executor.ts";
import type { OutboxDatabase } from "./outbox-database.ts";
import type { FilledStatement } from "./outbox-statements.ts";

const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 5;

/** Runs a statement, again where a conflict with others undid it; throws a TaskError for what the client threw. */
export async function rowsOf(
  { connection, dialect }: OutboxDatabase,
  { statement, values }: FilledStatement,
): Promise<readonly SqlRow[]> {
  return again(dialect, () => connection.rows(statement, values));
}

/** As {@link rowsOf}, for statements that change rows; gives how many. */
async function change(
  { connection, dialect }: OutboxDatabase,
  { statement, values }: FilledStatement,
): Promise<number> {
  return again(dialect, () => connection.change(statement, values));
}

async function again<T>(dialect: OutboxDatabase["dialect"], run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries >= MOST_TRIES || !dialect.isTransient(error)) throw dialect.toTaskError(error);
      await wait(FIRST_PAUSE_MS * 2 ** tries * Math.random());
    }
  }
}

/** The task of a row, or null where its text is none. */
export function taskOf(text: unknown): NewTask | null {
  try {
    const task = JSON.parse(String(text)) as Partial<NewTask> | null;
    return typeof task?.id === "string" && typeof task.path === "string" ? (task as NewTask) : null;
  } catch {
    return null;
  }
}

/** Rows by the token that they are held by. */
function byToken(rows: readonly OutboxRow[]): ReadonlyMap<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { seq, token } of rows) {
    const seqs = found.get(token) ?? [];
    found.set(token, seqs);
    seqs.push(seq);
  }
  return found;
}

/** The rows of an outbox for one backend; `choose` finds out where the outbox is. */
export function prismaOutboxSource(choose: () => Promise<OutboxDatabase>, destination: string): OutboxSource {
  return {
    take: async ({ ids, limit, until, now }) => {
      const database = await choose();
      const { statements } = database;
      let due: readonly SqlRow[];
      let held = 0;
      if (ids === undefined) due = await rowsOf(database, statements.findDue(destination, limit, now));
      else {
        const found =
          ids.length === 0 ? [] : await rowsOf(database, statements.findThese(destination, ids, now));
        due = found.filter(([, isLater]) => Number(isLater) === 0);
        held = found.filter(([, isLater, isTaken]) => Number(isLater) === 1 && Number(isTaken) === 1).length;
      }
      if (due.length === 0) return { rows: [], held };
      const seqs = due.map(([seq]) => Number(seq));
      const token = randomUUID();
      const taken = await change(database, statements.take(seqs, { token, until, now }));
      if (ids !== undefined) held += seqs.length - taken;
      if (taken === 0) return { rows: [], held };
      const read = await rowsOf(database, statements.read(seqs, token));
      const rows = read.map(([seq, text, refusals]) => ({
        seq: Number(seq),
        token,
        task: taskOf(text),
        refusals: Number(refusals),
      }));
      return { rows, held };
    },

    remove: async ({ rows }) => {
      const database = await choose();
      for (const [token, seqs] of byToken(rows))
        await change(database, database.statements.remove(seqs, token));
    },

    giveBack: async ({ rows }) => {
      const database = await choose();
      for (const [token, seqs] of byToken(rows))
        await change(database, database.statements.giveBack(seqs, token));
    },

    refuse: async ({ row, error, until }) => {
      const database = await choose();
      const text = error.toWellFormed().replaceAll("\0", "");
      await change(database, database.statements.refuse(row.seq, row.token, { error: text, until }));
    },
  };
}
