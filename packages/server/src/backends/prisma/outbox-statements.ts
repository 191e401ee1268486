import type { NewTask } from "../../backend/index.ts";
import type { SqlValue, Statement } from "../sql/executor.ts";
import { statementOf } from "../sql/statement-of.ts";

/** A statement and what it is given. */
export interface FilledStatement {
  readonly statement: Statement;
  readonly values: readonly SqlValue[];
}

/** How a database writes the place of its n-th value, from 1. */
export type Placeholder = (n: number) => string;

/** Characters of tasks that travel in one statement: half of what MySQL takes by default is for what they grow by. */
const LONGEST_STATEMENT = 2_000_000;
const MOST_ROWS = 100;

/** Fills a text whose `?` are the places of values. */
function filled(
  operation: string,
  text: string,
  values: readonly SqlValue[],
  place: Placeholder,
): FilledStatement {
  let n = 0;
  return {
    statement: statementOf(
      operation,
      text.replaceAll("?", () => place(++n)),
    ),
    values,
  };
}

/** The numbers of rows, which are ours, as part of a statement: databases take lists as values in as many ways as there are of them. */
function listOf(seqs: readonly number[]): string {
  return seqs.map((seq) => String(Math.trunc(seq))).join(", ");
}

/** The statements on an outbox's table. */
export class OutboxStatements {
  readonly #table: string;
  readonly #place: Placeholder;

  constructor(table: string, place: Placeholder) {
    this.#table = table;
    this.#place = place;
  }

  /** Writes rows for tasks, in order; several statements where one would be too long. */
  add(destination: string, tasks: readonly NewTask[]): readonly FilledStatement[] {
    const statements: FilledStatement[] = [];
    let values: SqlValue[] = [];
    let length = 0;
    const close = () => {
      if (values.length === 0) return;
      const rows = Array.from({ length: values.length / 3 }, () => "(?, ?, ?)").join(", ");
      const text = `INSERT INTO ${this.#table} (id, destination, task) VALUES ${rows}`;
      statements.push(filled("outbox_add", text, values, this.#place));
      values = [];
      length = 0;
    };
    for (const task of tasks) {
      const json = JSON.stringify(task);
      if (length + json.length > LONGEST_STATEMENT || values.length === 3 * MOST_ROWS) close();
      values.push(task.id, destination, json);
      length += json.length;
    }
    close();
    return statements;
  }

  /** Finds rows that are due. Gives seq. */
  findDue(destination: string, limit: number, now: number): FilledStatement {
    const text = `SELECT seq FROM ${this.#table} WHERE destination = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ${Math.trunc(limit)}`;
    return filled("outbox_due", text, [destination, now], this.#place);
  }

  /** Finds the rows of task results. Gives seq, whether its time is still to come, and whether a relay holds it, as 0 or 1. */
  findThese(destination: string, ids: readonly string[], now: number): FilledStatement {
    const places = ids.map(() => "?").join(", ");
    const text = `SELECT seq, CASE WHEN due_at <= ? THEN 0 ELSE 1 END AS is_later, CASE WHEN taken_by IS NULL THEN 0 ELSE 1 END AS is_taken
  FROM ${this.#table} WHERE id IN (${places}) AND destination = ? ORDER BY seq`;
    return filled("outbox_find", text, [now, ...ids, destination], this.#place);
  }

  /** Takes rows that are still due. */
  take(seqs: readonly number[], hold: { token: string; until: number; now: number }): FilledStatement {
    const text = `UPDATE ${this.#table} SET due_at = ?, taken_by = ? WHERE seq IN (${listOf(seqs)}) AND due_at <= ?`;
    return filled("outbox_take", text, [hold.until, hold.token, hold.now], this.#place);
  }

  /** Reads rows that were taken. Gives seq, task and refusals. */
  read(seqs: readonly number[], token: string): FilledStatement {
    const text = `SELECT seq, task, refusals FROM ${this.#table} WHERE seq IN (${listOf(seqs)}) AND taken_by = ? ORDER BY seq`;
    return filled("outbox_read", text, [token], this.#place);
  }

  remove(seqs: readonly number[], token: string): FilledStatement {
    const text = `DELETE FROM ${this.#table} WHERE seq IN (${listOf(seqs)}) AND taken_by = ?`;
    return filled("outbox_remove", text, [token], this.#place);
  }

  giveBack(seqs: readonly number[], token: string): FilledStatement {
    const text = `UPDATE ${this.#table} SET due_at = 0, taken_by = NULL WHERE seq IN (${listOf(seqs)}) AND taken_by = ?`;
    return filled("outbox_give_back", text, [token], this.#place);
  }

  refuse(seq: number, token: string, refusal: { error: string; until: number }): FilledStatement {
    const text = `UPDATE ${this.#table} SET due_at = ?, taken_by = NULL, refusals = refusals + 1, error = ? WHERE seq IN (${listOf([seq])}) AND taken_by = ?`;
    return filled("outbox_refuse", text, [refusal.until, refusal.error, token], this.#place);
  }

  /** Counts rows, up to a number. */
  count(destination: string, upTo: number): FilledStatement {
    const some = `SELECT seq FROM ${this.#table} WHERE destination = ? LIMIT ${Math.trunc(upTo)}`;
    return filled("outbox_count", `SELECT count(*) AS n FROM (${some}) found`, [destination], this.#place);
  }

  /** Reads the row that has been there longest untried. Gives its task. */
  oldest(destination: string): FilledStatement {
    const text = `SELECT task FROM ${this.#table} WHERE destination = ? AND due_at = 0 ORDER BY seq LIMIT 1`;
    return filled("outbox_oldest", text, [destination], this.#place);
  }

  /** Reads the latest refusals, at most as many. Gives task and error. */
  refused(destination: string, upTo: number): FilledStatement {
    const text = `SELECT task, error FROM ${this.#table} WHERE destination = ? AND due_at > 0 AND refusals > 0 ORDER BY due_at DESC LIMIT ${Math.trunc(upTo)}`;
    return filled("outbox_refused", text, [destination], this.#place);
  }
}
