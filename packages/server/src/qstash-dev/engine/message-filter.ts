import { badRequest } from "./api-error.ts";
import type { MessageRecord } from "./message-record.ts";

/** Selects messages by what a request asks for. */
export interface MessageFilter {
  readonly ids: ReadonlySet<string> | null;
  matches(message: MessageRecord, facts: FilterFacts): boolean;
}

/** What a message is filtered by beside its own fields. */
export interface FilterFacts {
  /** What dates are compared with. */
  readonly at: number;
  readonly states?: readonly string[];
  readonly status?: number | null;
}

type Test = (message: MessageRecord, facts: FilterFacts, values: readonly string[]) => boolean;

function part(url: string, name: "hostname" | "host" | "pathname"): string {
  return URL.canParse(url) ? new URL(url)[name] : "";
}

const TESTS: Readonly<Record<string, Test>> = {
  messageId: ({ id }, _, values) => values.includes(id),
  messageIds: ({ id }, _, values) => values.includes(id),
  url: ({ url }, _, values) => values.includes(url),
  topicName: ({ topicName }, _, values) => topicName !== null && values.includes(topicName),
  urlGroup: ({ topicName }, _, values) => topicName !== null && values.includes(topicName),
  scheduleId: ({ scheduleId }, _, values) => scheduleId !== null && values.includes(scheduleId),
  queueName: ({ queueName }, _, values) => queueName !== null && values.includes(queueName),
  callerIp: ({ callerIp }, _, values) => values.includes(callerIp),
  callerIP: ({ callerIp }, _, values) => values.includes(callerIp),
  label: ({ options }, _, values) => options.labels.some((label) => values.includes(label)),
  flowControlKey: ({ options }, _, values) => values.includes(options.flowControl?.key ?? ""),
  host: ({ url }, _, values) => values.includes(part(url, "host")) || values.includes(part(url, "hostname")),
  path: ({ url }, _, values) => values.includes(part(url, "pathname")),
  fromDate: (_, { at }, [value]) => at >= Number(value),
  toDate: (_, { at }, [value]) => at <= Number(value),
  state: (_, { states = [] }, values) => values.some((value) => states.includes(value)),
  responseStatus: (_, { status }, values) => values.includes(String(status)),
};

const COMMON = [
  "url",
  "topicName",
  "urlGroup",
  "scheduleId",
  "queueName",
  "callerIp",
  "callerIP",
  "label",
  "flowControlKey",
  "fromDate",
  "toDate",
  "messageId",
  "messageIds",
] as const;

/** Fields that each listing can be filtered by, and other words that it takes. */
export const FILTER_FIELDS: Readonly<
  Record<
    "messages" | "logs" | "deadLetters",
    { readonly fields: readonly string[]; readonly words: readonly string[] }
  >
> = {
  messages: { fields: [...COMMON, "host", "path"], words: ["count"] },
  logs: { fields: [...COMMON, "host", "path", "state"], words: ["count", "cursor", "order", "trimBody"] },
  deadLetters: {
    fields: [...COMMON, "responseStatus"],
    words: ["count", "cursor", "order", "dlqIds", "trimBody"],
  },
};

/** Reads a filter; what it does not know it refuses, as a filter that is overlooked would cancel everything. */
export function readFilter(query: URLSearchParams, of: keyof typeof FILTER_FIELDS): MessageFilter {
  const { fields, words } = FILTER_FIELDS[of];
  const tests: ((message: MessageRecord, facts: FilterFacts) => boolean)[] = [];
  for (const name of new Set(query.keys())) {
    if (words.includes(name)) continue;
    const test = fields.includes(name) ? TESTS[name] : undefined;
    if (test === undefined)
      throw badRequest(`There is no filter of this name; there are ${fields.join(", ")}.`);
    const values = query.getAll(name);
    if (/Date$/.test(name) && values.some((value) => !/^\d{1,16}$/.test(value))) {
      throw badRequest(`${name} must be a Unix time in milliseconds.`);
    }
    tests.push((message, facts) => test(message, facts, values));
  }
  const ids = query.getAll("messageIds");
  return {
    ids: ids.length === 0 ? null : new Set(ids),
    matches: (message, facts) => tests.every((test) => test(message, facts)),
  };
}

/** How many of a listing are asked for. */
export function readCount(query: URLSearchParams, most: number): number {
  const text = query.get("count");
  if (text === null) return Math.min(100, most);
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw badRequest("count must be a whole number of 1 or more.");
  return Math.min(Number(text), most);
}
