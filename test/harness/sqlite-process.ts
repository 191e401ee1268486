// A process of its own that gets in the way of others on a SQLite file: forked by tests, told what to do by messages.
import { DatabaseSync } from "node:sqlite";
import type { Backend, NewTask } from "@taskwright/server/backend";
import { sqliteBackend } from "@taskwright/server/sqlite";

/** What the parent asks for. */
export type SqliteProcessRequest =
  /** Holds a transaction open: with BEGIN EXCLUSIVE, or after some statements of one that is never ended. */
  | { readonly kind: "hold"; readonly file: string; readonly statements: readonly string[] }
  | { readonly kind: "let-go" }
  /** Opens the backend, as another user of the system when `uid` is given. */
  | { readonly kind: "open"; readonly file: string; readonly uid?: number }
  | { readonly kind: "enqueue"; readonly tasks: readonly NewTask[]; readonly now: number }
  /** Reads pages of task results without a pause, until the process is ended. */
  | { readonly kind: "keep-reading" }
  /** Enqueues one copy after another, each with an id of its own; every acknowledged id is told. */
  | { readonly kind: "keep-enqueuing"; readonly task: NewTask; readonly now: number };

/** What the child tells. */
export type SqliteProcessMessage =
  | { readonly about: number; readonly answer: unknown }
  | { readonly about: number; readonly failure: { readonly code: unknown; readonly message: string } }
  | { readonly acknowledged: string };

let held: DatabaseSync | undefined;
let backend: Backend | undefined;

function send(message: SqliteProcessMessage): void {
  process.send?.(message);
}

function opened(): Backend {
  if (backend === undefined) throw new Error("The backend is not open.");
  return backend;
}

async function keepReading(): Promise<never> {
  for (;;) {
    await opened().inspector?.list({ filter: {}, cursor: null, offset: 0, limit: 500 });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function keepEnqueuing(task: NewTask, now: number): Promise<never> {
  for (let number = 0; ; number++) {
    const id = `${task.id}-${number}`;
    await opened().store.enqueue({ tasks: [{ ...task, id }], atomic: true, now });
    send({ acknowledged: id });
  }
}

async function carryOut(request: SqliteProcessRequest): Promise<unknown> {
  switch (request.kind) {
    case "hold":
      held = new DatabaseSync(request.file);
      for (const statement of request.statements) held.exec(statement);
      return null;
    case "let-go":
      held?.close();
      return null;
    case "open":
      if (request.uid !== undefined) process.setuid?.(request.uid);
      backend = sqliteBackend({ file: request.file, lockTimeout: "20s" });
      await backend.open();
      return null;
    case "enqueue":
      return opened().store.enqueue({ tasks: request.tasks, atomic: true, now: request.now });
    case "keep-reading":
      void keepReading();
      return null;
    case "keep-enqueuing":
      void keepEnqueuing(request.task, request.now);
      return null;
  }
}

process.on("message", async ({ about, request }: { about: number; request: SqliteProcessRequest }) => {
  try {
    send({ about, answer: (await carryOut(request)) ?? null });
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    send({ about, failure: { code, message } });
  }
});

// The parent is gone: nobody is left to be in the way of.
process.on("disconnect", () => process.exit(0));
