import type { ClaimAnswer, ClaimedTask, ClaimRequest } from "../../backend/index.ts";
import { nameList } from "./name-list.ts";
import type { StoreHandle } from "./opened-store.ts";
import { groupOf, toClaimed } from "./record-text.ts";
import { CLAIM } from "./scripts/claim.ts";
import { RELEASE } from "./scripts/release.ts";

/** With more pairs of path and queue than this, a claim looks through the groups that have something. */
const MOST_NAMED_GROUPS = 64;

/** The arguments of one claim on any partition, but for its limit. */
class ClaimArguments {
  readonly now: number;
  readonly #beginning: readonly (string | number)[];
  readonly #end: readonly string[];

  constructor(handle: StoreHandle, request: ClaimRequest) {
    const { workerId, tasks, queues, now, id } = request;
    const leases = `\0${tasks.map(({ path, lease }) => `:${path}\0=${lease}\0`).join("\0")}`;
    const named =
      queues !== "all" && tasks.length * queues.length <= MOST_NAMED_GROUPS
        ? tasks.flatMap(({ path }) => queues.map((queue) => groupOf(path, queue)))
        : [];
    const { consumerGroup } = handle.options;
    this.now = now;
    this.#beginning = [
      now,
      consumerGroup,
      workerId,
      JSON.stringify(workerId),
      leases,
      queues === "all" ? "*" : nameList(queues),
    ];
    const interest = handle.wakeups.claimInterest(
      workerId,
      tasks.map(({ path }) => path),
    );
    this.#end = [id ?? "", ...interest, ...new Set(named)];
  }

  with(limit: number): readonly (string | number)[] {
    return [...this.#beginning, limit, ...this.#end];
  }
}

/** Takes a claim back that too few replicas know of: their master's successor would hand the same tasks out once more. */
async function giveBack(
  handle: StoreHandle,
  partition: string,
  claimed: readonly ClaimedTask[],
  now: number,
): Promise<void> {
  const leases = claimed.flatMap(({ id, token }) => [id, token, "not-started"]);
  await handle.run(RELEASE, partition, [...handle.endingArguments(now), ...leases]);
}

async function claimIn(
  handle: StoreHandle,
  partition: string,
  args: ClaimArguments,
  limit: number,
): Promise<ClaimAnswer> {
  const { answer, missing } = await handle.runCounted<readonly (string | number)[]>(
    CLAIM,
    partition,
    args.with(limit),
  );
  const claimed: ClaimedTask[] = [];
  for (let at = 2; at < answer.length; at += 4) claimed.push(toClaimed(answer as string[], at));
  if (missing !== null && claimed.length > 0) {
    await giveBack(handle, partition, claimed, args.now);
    throw missing;
  }
  // What was passed over had nothing to run, but there may be more behind it.
  const nextDueAt = answer[1] === 1 ? args.now : answer[0] === "" ? null : Number(answer[0]);
  return { claimed, nextDueAt };
}

function earliest(left: number | null, right: number | null): number | null {
  return left === null ? right : right === null ? left : Math.min(left, right);
}

/**
 * Claims from as many partitions at once as tasks are wanted, beginning with another one each time; goes on with those
 * that gave all they were asked for.
 */
export async function claim(handle: StoreHandle, request: ClaimRequest): Promise<ClaimAnswer> {
  const { tasks, queues, limit, id } = request;
  if (tasks.length === 0 || queues.length === 0 || limit < 1) return { claimed: [], nextDueAt: null };
  const args = new ClaimArguments(handle, request);
  const { partitions } = handle;
  if (id !== undefined) return claimIn(handle, partitions.keys[partitions.of(id)] ?? "", args, limit);
  let waiting = handle.nextPartitions();
  const claimed: ClaimedTask[] = [];
  let nextDueAt: number | null = null;
  while (waiting.length > 0 && claimed.length < limit) {
    const left = limit - claimed.length;
    const asked = waiting.slice(0, left);
    const share = Math.floor(left / asked.length);
    const settled = await Promise.allSettled(asked.map((key) => claimIn(handle, key, args, share)));
    const answers = settled.map((one) => (one.status === "fulfilled" ? one.value : null));
    const failure = settled.find((one) => one.status === "rejected");
    for (const answer of answers) {
      claimed.push(...(answer?.claimed ?? []));
      nextDueAt = earliest(nextDueAt, answer?.nextDueAt ?? null);
    }
    // What others have given is leased by now and must be run; the next claim meets the failure again.
    if (failure !== undefined && claimed.length === 0) throw failure.reason;
    const full = asked.filter((_, index) => answers[index]?.claimed.length === share);
    waiting = [...waiting.slice(asked.length), ...full];
  }
  const isFull = claimed.length >= limit;
  handle.wakeups.noteClaim(request.workerId, isFull);
  // Not all partitions have said theirs, and who got all that was asked for looks again anyway.
  return { claimed, nextDueAt: isFull ? null : nextDueAt };
}
