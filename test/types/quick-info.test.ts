import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LanguageServer } from "./language-server.ts";
import { internalTypeNames } from "./public-types.ts";

const FIXTURES = fileURLToPath(new URL("fixtures", import.meta.url));

let server: LanguageServer;
beforeAll(async () => {
  server = await LanguageServer.start(FIXTURES);
});
afterAll(() => server[Symbol.asyncDispose]());

/** The code of what an editor shows, on one line. */
async function shown(marked: string): Promise<string> {
  const text = await server.quickInfo("hover/calls.ts", marked);
  const code = /```typescript\n(.*?)\n```/s.exec(text)?.[1] ?? text;
  return code.replace(/\s+/g, " ");
}

const MAIL = "{ to: string; subject: string; body?: string | undefined; }";
const SENT = "{ messageId: string; }";
const INVOICE = "{ orderId: number; due: string; }";
const QUEUES = '"default" | "emails"';
const OPTIONS = `options?: CallOptions<${QUEUES}> | undefined`;
const MANY_OPTIONS = `options?: EnqueueManyOptions<${QUEUES}> | undefined`;
const MAIL_CALLER = `TaskCaller<${MAIL}, ${SENT}, ${QUEUES}>`;
const INVOICE_CALLER = `TaskCaller<${INVOICE}, void, ${QUEUES}>`;
const MAIL_RESULT = `AsyncResult<${SENT}, ${MAIL}>`;

const PLACES: readonly (readonly [place: string, shown: string])[] = [
  [
    "client.tasks.sendEmail.|delay",
    `(property) ${MAIL_CALLER}.delay: (input: ${MAIL}) => Promise<${MAIL_RESULT}>`,
  ],
  [
    "client.tasks.sendEmail.|applyAsync",
    `(property) ${MAIL_CALLER}.applyAsync: (input: ${MAIL}, ${OPTIONS}) => Promise<${MAIL_RESULT}>`,
  ],
  [
    "client.tasks.sendEmail.|enqueueMany",
    `(property) ${MAIL_CALLER}.enqueueMany: (inputs: readonly ${MAIL}[], ${MANY_OPTIONS}) => Promise<readonly ${MAIL_RESULT}[]>`,
  ],
  [
    "client.tasks.tick.|delay",
    `(property) TaskCaller<void, void, ${QUEUES}>.delay: () => Promise<AsyncResult<void, void>>`,
  ],
  [
    "client.tasks.billing.invoice.|delay",
    `(property) ${INVOICE_CALLER}.delay: (input: ${INVOICE}) => Promise<AsyncResult<void, ${INVOICE}>>`,
  ],
  [
    "client.tasks.billing.invoice.|enqueue",
    `(property) ${INVOICE_CALLER}.enqueue: (input: ${INVOICE}, ${OPTIONS}) => Promise<AsyncResult<void, ${INVOICE}>>`,
  ],
  ["client.tasks.|sendEmail.delay", `(property) sendEmail: ${MAIL_CALLER}`],
  ["const |result", `const result: ${MAIL_RESULT}`],
  ["const |urgent", `const urgent: ${MAIL_CALLER}`],
  ["const |handle", `const handle: ${MAIL_RESULT}`],
  ["const |output", `const output: ${SENT}`],
  ["const |record", `const record: TaskResult<${SENT}, ${MAIL}>`],
  ["server.run.|sendEmail", `(property) sendEmail: (input: ${MAIL}) => Promise<${SENT}>`],
  ["const |ran", `const ran: ${SENT}`],
  ["(|event)", "(parameter) event: FailedEvent"],
  ["async ({ |input, ctx", "(parameter) input: { orderId: number; due: Date; }"],
  ["input, |ctx, attempt }", "(parameter) ctx: { now: number; }"],
  ["tick.handler(({ |ctx", "(parameter) ctx: { now: number; } & { user: string; }"],
  ["const |schedule", "const schedule: TaskSchedule<unknown>"],
  ["const |invoice", "const invoice: TaskHandler<{ orderId: number; due: Date; }, void, { now: number; }>"],
];

/** What these hold is as long as the router, so only its names are looked at. */
const LONG_PLACES = [
  "const |h ",
  "const |withUser",
  "const |server",
  "const { |client",
  "h.billing.invoice.|handler",
  "handlers: { |sendEmail",
  "client.schedules.|create",
  "client.schedules.|pause",
];

test.each(PLACES)("an editor shows plain types at %s", async (place, expected) => {
  expect(await shown(place)).toBe(expected);
});

test("an editor shows what delay() does", async () => {
  expect(await server.quickInfo("hover/calls.ts", "client.tasks.sendEmail.|delay")).toContain(
    "Enqueues it; resolves when it is durably stored.",
  );
});

test("an editor shows the input and the queues that a schedule's task takes", async () => {
  expect(await shown("client.schedules.|create")).toContain(
    `.create<"sendEmail">(options: ScheduleOptions<"sendEmail", ${MAIL}, ${QUEUES}>): Promise<TaskSchedule>`,
  );
});

test("an editor shows no type that users cannot import", async () => {
  const internal = internalTypeNames();
  for (const place of [...PLACES.map(([place]) => place), ...LONG_PLACES]) {
    const names = (await shown(place)).match(/\b[A-Z]\w+/g) ?? [];
    expect(
      names.filter((name) => internal.has(name)),
      place,
    ).toEqual([]);
  }
});
