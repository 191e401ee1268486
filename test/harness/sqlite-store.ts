import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, ClaimAnswer, NewTask, SettleOutcome } from "@taskwright/server/backend";
import { isTaskError, type TaskError } from "@taskwright/shared";
import { onTestFinished } from "vitest";

/** A time that no clock of a test machine shows. */
export const NOW = 2_000_000_000_000;
export const LEASE_MS = 60_000;

let made = 0;

/** A task to enqueue, with an id of its own. */
export function aTask(given: Partial<NewTask> = {}): NewTask {
  return {
    id: `task-${process.pid}-${++made}`,
    path: "mail.send",
    queue: "default",
    priority: 0,
    rank: NOW,
    runAfter: NOW,
    enqueuedAt: NOW,
    expiresAt: null,
    codec: "json",
    input: '{"to":"ada@example.com"}',
    maxRetries: 3,
    policy: null,
    parentId: null,
    scheduleId: null,
    tags: [],
    deduplication: null,
    ...given,
  };
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "taskwright-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Stores one task; resolves to its id. */
export async function enqueue(backend: Backend, given: Partial<NewTask> = {}, now = NOW): Promise<string> {
  const task = aTask(given);
  await backend.store.enqueue({ tasks: [task], atomic: true, now });
  return task.id;
}

/** Claims what is due of `mail.send`. */
export async function claim(backend: Backend, now = NOW, limit = 10): Promise<ClaimAnswer["claimed"]> {
  const tasks = [{ path: "mail.send", lease: LEASE_MS }];
  const answer = await backend.leases?.claim({ workerId: "worker", tasks, queues: "all", limit, now });
  return answer?.claimed ?? [];
}

/** Ends an attempt as successful. */
export async function succeed(
  backend: Backend,
  lease: { readonly id: string; readonly token: string },
  now = NOW,
): Promise<SettleOutcome | undefined> {
  const settlement = { status: "SUCCESSFUL", output: '"done"' } as const;
  return (await backend.leases?.settle({ items: [{ lease, settlement }], now }))?.[0];
}

/** The TaskError that something is refused with; fails when it is carried out, or refused in another way. */
export async function refusal(run: () => unknown): Promise<TaskError> {
  try {
    await run();
  } catch (error) {
    if (isTaskError(error)) return error;
    throw error;
  }
  throw new Error("It was carried out instead of being refused.");
}
