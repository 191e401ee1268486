// The process in which a program's own connection to the SQLite file of its Prisma client lives: see sqlite-process.ts.
import type { Backend, StopWatching } from "../../backend/index.ts";
import { sqliteOn } from "../sqlite/sqlite-backend.ts";
import {
  mapFailures,
  type SqliteAnswer,
  type SqliteCall,
  type SqliteNews,
  type SqliteRequest,
  toSent,
} from "./sqlite-messages.ts";

let backend: Backend | null = null;
const watches = new Map<number, StopWatching>();
let answers: SqliteAnswer[] = [];

function tell(news: SqliteNews): void {
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}

/** Those of one turn travel together. */
function answer(one: SqliteAnswer): void {
  answers.push(one);
  if (answers.length > 1) return;
  setImmediate(() => {
    tell({ kind: "answers", answers });
    answers = [];
  });
}

async function run({ about, facet, operation, request }: SqliteCall): Promise<void> {
  try {
    if (backend === null) throw new Error("No file has been named yet.");
    const target = (facet === null ? backend : backend[facet]) as unknown as Readonly<
      Record<string, (request: unknown) => Promise<unknown>>
    >;
    const value = await target[operation]?.(request);
    answer({ about, answer: mapFailures(value, toSent) });
  } catch (error) {
    answer({ about, failure: toSent(error) });
  }
}

function watch({ watch: id, name, request }: Extract<SqliteRequest, { kind: "watch" }>): void {
  const wake = () => tell({ kind: "woken", watch: id });
  const stop = backend?.wakeups?.[name]({
    ...(request as { queues: "all"; id: string; workerId: string }),
    wake,
  });
  if (stop === undefined) return;
  watches.set(id, stop);
  // What was committed while this request was on its way would wake nobody.
  wake();
}

function heed(request: SqliteRequest): void {
  switch (request.kind) {
    case "file":
      backend ??= sqliteOn(request.options);
      break;
    case "calls":
      for (const call of request.calls) void run(call);
      break;
    case "watch":
      watch(request);
      break;
    case "unwatch":
      watches.get(request.watch)?.();
      watches.delete(request.watch);
      break;
  }
}

// A terminal's interrupt reaches this process too, and the program still needs it to come to an orderly end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("message", heed);
// The program has closed the backend, or is gone.
process.on("disconnect", () => {
  void Promise.resolve(backend?.close()).finally(() => process.exit());
});
process.title = "taskwright sqlite";
