import { TaskError } from "@taskwright/shared";
import type { Client } from "@upstash/qstash";
import type { DeadLetter, DeadLetters } from "../../backend/index.ts";
import { readMessage } from "./message.ts";
import type { ResolvedQstashOptions } from "./options.ts";
import { labelOf } from "./outgoing-message.ts";
import type { QstashSender } from "./sender.ts";
import { resendStored, type StoredParts } from "./stored-tasks.ts";
import { toNewTask } from "./unsent-tasks.ts";

const LARGEST_PAGE = 100;

type DlqMessage = Awaited<ReturnType<Client["dlq"]["listMessages"]>>["messages"][number];

function toDeadLetter(message: DlqMessage): DeadLetter {
  const { dlqId, messageId, scheduleId, createdAt, responseStatus, responseBody } = message;
  return {
    id: dlqId,
    messageId,
    ...subjectOf(message),
    scheduleId: scheduleId ?? null,
    createdAt: new Date(createdAt),
    status: responseStatus ?? null,
    answer: responseBody ?? null,
  };
}

/** What a message was for. */
function subjectOf({ body, bodyBase64 }: DlqMessage): Pick<DeadLetter, "taskId" | "path"> {
  try {
    const message = readMessage(body ?? Buffer.from(bodyBase64 ?? "", "base64").toString("utf8"));
    return message.kind === "task"
      ? { taskId: message.id, path: message.path }
      : { taskId: null, path: message.schedule.path };
  } catch {
    // Anything may have been sent to the URL.
    return { taskId: null, path: null };
  }
}

function notFound(id: string): TaskError {
  return new TaskError({
    code: "RESULT_NOT_FOUND",
    message: `QStash has no dead letter ${id.slice(0, 100)} for this URL.`,
    data: { id: id.slice(0, 100) },
  });
}

/** Makes the dead letters of a backend; `stored` where a store keeps its task results. */
export function createDeadLetters(
  options: ResolvedQstashOptions,
  sender: QstashSender,
  stored: StoredParts | undefined,
): DeadLetters {
  const url = options.callback.href;

  async function find(id: string): Promise<DeadLetter | null> {
    const { messages } = await sender.ask((client) => client.dlq.listMessages({ dlqIds: [id] }));
    const message = messages.find((given) => given.dlqId === id && given.url === url);
    return message === undefined ? null : toDeadLetter(message);
  }

  const remove = (id: string) => sender.ask((client) => client.dlq.deleteMany({ dlqIds: [id] }));

  async function redriveStored(parts: StoredParts, letter: DeadLetter, taskId: string): Promise<void> {
    const [record] = await parts.store.store.get({ ids: [taskId] });
    if (record == null) throw notFound(letter.id);
    const now = (await parts.store.readTime?.()) ?? Date.now();
    const request = {
      task: toNewTask(record),
      at: now,
      cause: `redriven-${letter.id}`,
      deliveriesBefore: 0,
      now,
    };
    if (record.status === "FAILED" || record.status === "CANCELLED")
      await parts.store.store.requeue({ id: taskId, runAfter: now, rank: now, now });
    await resendStored(parts, request);
    await remove(letter.id);
  }

  return {
    list: async ({ task, limit = LARGEST_PAGE, cursor } = {}) => {
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE)) {
        throw new TaskError({
          code: "INVALID_OPTION",
          message: `limit must be an integer from 1 to ${LARGEST_PAGE}.`,
          data: { option: "limit" },
        });
      }
      const filter = { url, ...(task === undefined ? {} : { label: labelOf(task) }) };
      const page = await sender.ask((client) =>
        client.dlq.listMessages({ count: limit, filter, ...(cursor === undefined ? {} : { cursor }) }),
      );
      return { deadLetters: page.messages.map(toDeadLetter), nextCursor: page.cursor ?? null };
    },

    get: find,

    redrive: async (id) => {
      const letter = await find(id);
      if (letter === null) throw notFound(id);
      if (stored !== undefined && letter.taskId !== null) await redriveStored(stored, letter, letter.taskId);
      else await sender.ask((client) => client.dlq.retry([id]));
    },

    delete: async (id) => {
      if ((await find(id)) === null) return false;
      await remove(id);
      return true;
    },
  };
}
