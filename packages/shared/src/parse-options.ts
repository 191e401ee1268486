import { secondsOrDurationToMs } from "./duration.ts";
import { TaskError } from "./errors/task-error.ts";
import { didYouMean } from "./nearest-name.ts";
import { checkOptionsObject, unknownOption } from "./option-names.ts";
import {
  invalidOption,
  readBackoff,
  readBoolean,
  readDuration,
  readInteger,
  readString,
  readTags,
  readTime,
} from "./option-values.ts";
import { quoted } from "./quoted-name.ts";
import type { ParsedOptions } from "./resolved-options.ts";
import { kindOf } from "./value-kind.ts";

/** Where options stand: each place has its own set of names. */
export type OptionsPlace = "defaults" | "task" | "call";

/** The queue names a contract allows; `"any"` for all. */
export type AllowedQueues = ReadonlySet<string> | "any";

type Writable = { -readonly [K in keyof ParsedOptions]: ParsedOptions[K] };
type Reader = (value: unknown, target: Writable, name: string) => void;

const MAX_NAME_LENGTH = 100;
const WHOSE: Record<OptionsPlace, string> = { defaults: "defaults", task: "A task", call: "A call" };

const SHARED_READERS: Record<string, Reader> = {
  queue: (value, target, name) => {
    target.queue = readString(value, name, MAX_NAME_LENGTH);
  },
  backend: (value, target, name) => {
    target.backend = readString(value, name, MAX_NAME_LENGTH);
  },
  priority: (value, target, name) => {
    target.priority = readInteger(value, name, { min: -100, max: 100 });
  },
  maxRetries: (value, target, name) => {
    target.maxRetries = readInteger(value, name, { min: 0, max: 1000 });
  },
  retryDelay: (value, target, name) => {
    target.retryDelayMs = secondsOrDurationToMs(value, name);
  },
  backoff: (value, target, name) => {
    target.backoff = readBackoff(value, name);
  },
  timeout: (value, target, name) => {
    target.timeoutMs =
      value === false
        ? null
        : readDuration(value, name, { min: 1, expected: "longer than zero, or false for no limit" });
  },
  expires: (value, target, name) => {
    target.expiresMs = readDuration(value, name, { min: 1, expected: "longer than zero" });
  },
  deduplicated: (value, target, name) => {
    target.deduplicated = readBoolean(value, name);
  },
  deduplicationWindow: (value, target, name) => {
    target.deduplicationWindowMs = readDuration(value, name, { min: 1, expected: "longer than zero" });
  },
  tags: (value, target, name) => {
    target.tags = readTags(value, name);
  },
};

const DEDUPLICATION_ID: Record<string, Reader> = {
  deduplicationId: (value, target, name) => {
    target.deduplicationId = readString(value, name, 200);
  },
};

const LEASE: Record<string, Reader> = {
  lease: (value, target, name) => {
    target.leaseMs = readDuration(value, name, { min: 1_000, max: 3_600_000, expected: "from 1s to 1h" });
  },
};

const readRunAt: Reader = (value, target, name) => {
  checkFirstTime(target, name);
  target.runAt = readTime(value, name);
};

const READERS: Record<OptionsPlace, Record<string, Reader>> = {
  defaults: { ...SHARED_READERS, ...LEASE },
  task: {
    ...SHARED_READERS,
    ...DEDUPLICATION_ID,
    ...LEASE,
    label: (value, target, name) => {
      target.label = readString(value, name, 200);
    },
    transaction: (value, target, name) => {
      target.transaction = readBoolean(value, name);
    },
  },
  call: {
    ...SHARED_READERS,
    ...DEDUPLICATION_ID,
    countdown: (value, target, name) => {
      checkFirstTime(target, name);
      target.countdownMs = secondsOrDurationToMs(value, name);
    },
    eta: readRunAt,
    runAfter: readRunAt,
  },
};

function contradiction(option: string, message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option } });
}

function checkFirstTime(target: Writable, name: string): void {
  if (target.countdownMs === undefined && target.runAt === undefined) return;
  throw contradiction(
    name,
    "countdown, eta and runAfter all say when the task is due; give only one of them.",
  );
}

function checkTogether(target: Writable): void {
  if (target.retryDelayMs !== undefined && target.backoff !== undefined) {
    throw contradiction(
      "backoff",
      "retryDelay is a fixed wait and backoff a growing one; give only one of them.",
    );
  }
  if (target.deduplicationId !== undefined && target.deduplicated === false) {
    throw contradiction(
      "deduplicated",
      "deduplicationId asks for deduplication and deduplicated: false for none; give only one of them.",
    );
  }
}

/** Checks one level of options; an option that is undefined counts as absent. Throws INVALID_OPTION or UNKNOWN_QUEUE. */
export function parseOptions(given: unknown, place: OptionsPlace, queues: AllowedQueues): ParsedOptions {
  checkOptionsObject(given, WHOSE[place]);
  const readers = READERS[place];
  const target: Writable = {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(readers, name)) throw unknownOption(WHOSE[place], name, Object.keys(readers));
    const value = given[name];
    if (value !== undefined) readers[name]?.(value, target, name);
  }
  checkTogether(target);
  if (target.queue !== undefined) checkQueue(target.queue, queues);
  return target;
}

/** Throws UNKNOWN_QUEUE unless the contract has the queue. */
function checkQueue(queue: string, queues: AllowedQueues): void {
  if (queues === "any" || queues.has(queue)) return;
  throw new TaskError({
    code: "UNKNOWN_QUEUE",
    message: `The contract has no queue ${quoted(queue)}.${didYouMean(queue, queues)} It has: ${[...queues].join(", ")}.`,
    data: { queue },
  });
}

/** Reads the queue names of a contract: absent means "default" only, an empty list any. Throws INVALID_OPTION. */
export function parseQueues(queues: unknown): AllowedQueues {
  if (queues === undefined) return new Set(["default"]);
  if (!Array.isArray(queues)) {
    throw invalidOption("queues", 'an array of names, such as ["default", "emails"]', kindOf(queues));
  }
  const names = Array.from(queues, (queue, index) => readString(queue, `queues[${index}]`, MAX_NAME_LENGTH));
  return names.length === 0 ? "any" : new Set(names);
}
