import type { Finding } from "../../backend/index.ts";
import type { OutboxDatabase } from "./outbox-database.ts";
import { rowsOf, taskOf } from "./outbox-source.ts";

const COUNT_UP_TO = 10_000;
const MOST_REFUSED = 100;
/** Somebody should have relayed it long ago. */
const LONGEST_WAIT_MS = 60_000;

function upTo(count: number, most: number): string {
  return count > most ? `more than ${most}` : String(count);
}

/** Says what waits in an outbox for a backend, and what was refused. */
export async function outboxFindings(
  database: OutboxDatabase,
  destination: string,
  now: number,
): Promise<readonly Finding[]> {
  const { statements, names, dialect } = database;
  const [count] = await rowsOf(database, statements.count(destination, COUNT_UP_TO + 1));
  const waiting = Number(count?.[0]);
  const findings: Finding[] = [
    {
      level: "ok",
      message: `Its outbox is ${names.outbox} on ${dialect.title}; ${waiting === 0 ? "nothing waits there" : `tasks that wait there: ${upTo(waiting, COUNT_UP_TO)}`}.`,
    },
  ];
  if (waiting === 0) return findings;
  const [oldest] = await rowsOf(database, statements.oldest(destination));
  const waitedMs = now - (oldest === undefined ? now : (taskOf(oldest[0])?.enqueuedAt ?? now));
  if (waitedMs > LONGEST_WAIT_MS) {
    findings.push({
      level: "warning",
      message: `A task has waited in the outbox for ${Math.floor(waitedMs / 1_000)} s, so no process relays: run a worker, server.executor.relay(), or the task taskwright.relay.`,
    });
  }
  const refused = await rowsOf(database, statements.refused(destination, MOST_REFUSED + 1));
  const [latest] = refused;
  if (latest !== undefined) {
    const task = taskOf(latest[0]);
    findings.push({
      level: "warning",
      message: `The backend refused tasks that transactions had enqueued: ${upTo(refused.length, MOST_REFUSED)}. They stay in the outbox and are tried again. One of them, ${task === null ? "a row that holds no task" : `${task.path} ${task.id}`}: ${String(latest[1])}`,
    });
  }
  return findings;
}
