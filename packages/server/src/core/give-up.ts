import { BUILT_IN_OPTIONS, TaskError } from "@taskwright/shared";
import type { DeliveryGivenUp, DeliverySource } from "../backend/index.ts";
import { attemptError } from "./attempt-error.ts";
import { decodePolicy } from "./attempt-policy.ts";
import type { DeliveryAnswer } from "./delivery-answer.ts";
import type { Engine } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";
import { rankOf } from "./rank.ts";
import { reportFailure } from "./report-failure.ts";
import { retryDelay } from "./retry-policy.ts";
import { settleSafely } from "./settle-safely.ts";
import { taskAgain } from "./task-again.ts";
import { sweep } from "./upkeep.ts";

/** How long the decision about it holds the task result. */
const LEASE_MS = 60_000;
/** When to deliver again what is being run, in case that comes to no end. */
const RUNNING_MS = 60_000;

/** What giving up on a delivery says to people. */
function givenUpError({ deliveries, status, deadLetterId }: DeliveryGivenUp): TaskError {
  const times = deliveries === 1 ? "one delivery" : `${deliveries} deliveries`;
  const kept = deadLetterId === null ? "" : `; its dead letter is ${deadLetterId}`;
  return new TaskError({
    code: "INTERNAL_ERROR",
    message: `Delivery was given up after ${times}, the last of which was answered with status ${status}${kept}.`,
    data: { deliveries, status, deadLetterId },
  });
}

/**
 * Decides what becomes of a task whose delivery was given up without an end of ours: it counts as an attempt that went
 * wrong, so the task is sent anew while it has retries left, and fails after that.
 */
export async function giveUp(
  engine: Engine,
  opened: OpenedBackend,
  source: DeliverySource,
  given: DeliveryGivenUp,
): Promise<DeliveryAnswer> {
  const { id, path, messageId } = given;
  const cause = `given-up-${messageId}`;
  let state = await source.state({ id });
  if (state?.status === "RUNNING" && opened.backend.maintenance !== undefined) {
    await sweep(engine, opened);
    state = await source.state({ id });
  }
  const now = opened.clock.now();
  if (state?.status === "RUNNING") {
    await source.resend({ task: taskAgain(state), at: now + RUNNING_MS, cause, deliveriesBefore: 0, now });
    return { answer: "done", id, status: "RUNNING" };
  }
  if (state === null || state.status !== "READY")
    return { answer: "done", id, status: state?.status ?? null };
  // Told twice, it counts once.
  const { deadLetterId } = given;
  if (deadLetterId !== null && state.errors.some(({ message }) => message.includes(deadLetterId)))
    return { answer: "done", id, status: "READY" };
  const { claimed } = await source.leases.claim({
    workerId: `deliveries-${engine.host.processName}`,
    tasks: [{ path, lease: LEASE_MS }],
    queues: "all",
    limit: 1,
    id,
    now,
  });
  const [task] = claimed;
  if (task === undefined) return { answer: "later", id, afterMs: RUNNING_MS, reason: "it is being run" };
  const error = attemptError("INTERNAL_ERROR", givenUpError(given), {
    attempt: task.attempts,
    workerId: opened.backend.kind,
    at: now,
  });
  const isLast = task.retriesUsed >= task.maxRetries;
  if (isLast) {
    const settlement = { status: "FAILED", error, started: true } as const;
    const outcome = await settleSafely(engine, opened, { lease: task, settlement });
    if (outcome.outcome === "applied") {
      const event = { id, path, queue: task.queue, backend: opened.name };
      reportFailure(engine, opened, { ...event, attempt: task.attempts, error });
      engine.events.emit("finished", { ...event, status: "FAILED" });
    }
    return { answer: "done", id, status: "FAILED" };
  }
  const options = engine.tasks.get(path)?.options ?? BUILT_IN_OPTIONS;
  const policy = decodePolicy(task.policy, options) ?? options;
  const runAfter = now + retryDelay(policy, task.retriesUsed, Math.random);
  // Sent first: one that was sent and not settled is found READY when its lease has expired.
  await source.resend({ task: taskAgain(task), at: runAfter, cause, deliveriesBefore: task.attempts, now });
  const settlement = { status: "READY", runAfter, rank: rankOf(runAfter, task.priority), error } as const;
  await settleSafely(engine, opened, { lease: task, settlement });
  return { answer: "done", id, status: "READY" };
}
