import { inspect } from "node:util";
import { createTaskClient } from "@taskwright/client";
import { type AsyncResult, isTaskError, type ProgressUpdate, type TaskClient } from "@taskwright/shared";
import superjson from "superjson";
import { describe, expect, test } from "vitest";
import { PATH_OF_STAGE, type Stage, type tasks, URL_OF_STAGE } from "./fixtures/msw/directed-tasks.ts";
import { mockedStage } from "./fixtures/msw/mocked-stage.ts";
import { realStage } from "./fixtures/msw/real-stage.ts";

type Kind = "plain" | "rich";

/** What a scenario is given: a client, where its tasks are directed, and a place for what it sees. */
interface Scene {
  readonly client: TaskClient<typeof tasks, "encoded">;
  readonly stage: Stage;
  /** Notes what a call gives, or what it throws. */
  note(what: string, call: () => Promise<unknown>): Promise<void>;
  /** Notes what tRPC answers to a request, as it is on the wire. */
  ask(procedures: string, input: unknown, more?: { readonly method?: string }): Promise<void>;
}

const mail = { to: "ada@example.com" };
const SENT = { messageId: "m-1", at: new Date("2030-01-31T09:00:00.000Z") };
const KEY = "0123456789abcdef";
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** The same text for what is the same but for ids and times. */
function leveled(seen: readonly unknown[]): string[] {
  const ids = new Map<string, string>();
  const name = (id: string) => {
    const known = ids.get(id) ?? `id ${ids.size + 1}`;
    ids.set(id, known);
    return known;
  };
  // Unlike JSON, it tells a Date from its text, and undefined from nothing.
  const text = (one: unknown) => inspect(one, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null });
  return seen.map((one) => text(one).replace(UUID, name).replace(TIME, "time"));
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  if ("taskId" in value) {
    const { id, deduplicated } = value as AsyncResult<unknown>;
    return { id, deduplicated };
  }
  return value;
}

async function play(stage: Stage, kind: Kind, scenario: (scene: Scene) => Promise<void>): Promise<string[]> {
  const seen: unknown[] = [];
  const common = { url: URL_OF_STAGE, path: PATH_OF_STAGE, fetch: stage.fetch, retries: 0 } as const;
  const client =
    kind === "plain"
      ? createTaskClient<typeof tasks>(common)
      : (createTaskClient<typeof tasks>({ ...common, transformer: superjson }) as unknown as Scene["client"]);
  const note: Scene["note"] = async (what, call) => {
    try {
      seen.push({ what, gave: shown(await call()) });
    } catch (error) {
      if (!isTaskError(error)) throw error;
      const { name, code, message, httpStatus, retryable, data } = error;
      seen.push({ what, threw: { name, code, message, httpStatus, retryable, data } });
    }
  };
  const ask: Scene["ask"] = async (procedures, input, { method = "POST" } = {}) => {
    const isBatch = procedures.includes(",");
    const names = procedures
      .split(",")
      .map((procedure) => `${PATH_OF_STAGE}.${procedure}`)
      .join(",");
    const encode = (value: unknown) => (kind === "plain" ? value : superjson.serialize(value));
    const body = JSON.stringify(
      isBatch
        ? Object.fromEntries((input as unknown[]).map((one, index) => [index, encode(one)]))
        : encode(input),
    );
    const query = [isBatch ? "batch=1" : "", method === "GET" ? `input=${encodeURIComponent(body)}` : ""];
    const response = await stage.fetch(`${URL_OF_STAGE}/${names}?${query.join("&")}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(method === "POST" ? { body } : {}),
    });
    const answer: unknown = await response.json();
    seen.push({ what: `${method} ${procedures}`, status: response.status, answer });
  };
  await scenario({ client, stage, note, ask });
  return leveled(seen);
}

const scenarios: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  "enqueues, and what is refused": async ({ client, note }) => {
    const { sendEmail, once, inner } = client.tasks;
    await note("delay", async () => (await sendEmail.enqueue(mail, { countdown: "1h" })).refresh());
    await note("many", async () => sendEmail.enqueueMany([mail, mail], { eta: "2100-01-01T00:00:00Z" }));
    await note("none", async () => sendEmail.enqueueMany([]));
    await note("bare", async () => (await once.enqueue(undefined, { countdown: 3_600 })).refresh());
    await note("bare ones", async () => once.enqueueMany([undefined, undefined], { countdown: "1h" }));
    await note("maybe", async () => (await inner.maybe.enqueue(undefined, { countdown: "1h" })).refresh());
    await note("maybe ones", async () => inner.maybe.enqueueMany([undefined, { a: 1 }], { countdown: "1h" }));
    await note("bad input", async () => sendEmail.delay({ to: "nowhere" }));
    await note("bad list", async () => sendEmail.enqueueMany([mail, { to: "nowhere" }]));
    await note("no list", async () => sendEmail.enqueueMany("mails" as never));
    await note("long list", async () => sendEmail.enqueueMany(Array(1_001).fill(mail)));
    await note("needless input", async () => (once as unknown as typeof sendEmail).delay(mail));
    await note("option", async () => sendEmail.enqueue(mail, { priority: 1 }));
    await note("misspelt option", async () => sendEmail.enqueue(mail, { countdwon: "1m" } as never));
    await note("bad option", async () => sendEmail.enqueue(mail, { countdown: "soon" as never }));
    await note("unknown task", async () =>
      (client.tasks as never as { sendEmial: typeof sendEmail }).sendEmial.delay(mail),
    );
    await note("unknown router", async () =>
      (client.tasks as never as { outer: { maybe: typeof sendEmail } }).outer.maybe.delay(mail),
    );
  },
  "deduplication and repeated calls": async ({ client, note, ask }) => {
    const { deduplicated } = client.tasks;
    await note("first", async () => deduplicated.enqueue({ a: 1, b: 2 }, { countdown: "1h" }));
    await note("equal", async () => deduplicated.enqueue({ b: 2, a: 1 }));
    await note("equal in a list", async () =>
      deduplicated.enqueueMany(
        [
          { a: 1, b: 2 },
          { a: 1, b: 3 },
        ],
        { countdown: "1h" },
      ),
    );
    await ask("tasks.sendEmail.enqueue", { input: mail, options: { countdown: "1h" }, requestKey: KEY });
    await ask("tasks.sendEmail.enqueue", { input: mail, options: { countdown: "1h" }, requestKey: KEY });
    await ask("tasks.sendEmail.enqueue", { input: { to: "bob@example.com" }, requestKey: KEY });
    await ask("tasks.sendEmail.enqueueMany", {
      inputs: [mail, mail],
      options: { countdown: "1h" },
      requestKey: `${KEY}2`,
    });
    await ask("tasks.sendEmail.enqueueMany", {
      inputs: [mail, mail],
      options: { countdown: "1h" },
      requestKey: `${KEY}2`,
    });
    await ask("tasks.sendEmail.applyAsync", { input: mail, requestKey: "short" });
  },
  "what is on the wire": async ({ ask }) => {
    await ask("tasks.inner.maybe.delay", { a: "no" });
    await ask("tasks.sendEmail.enqueue", undefined);
    await ask("tasks.sendEmail.enqueue", { inputs: [] });
    await ask("tasks.sendEmail.enqueue", { input: mail, options: "none" });
    await ask("tasks.sendEmail.enqueueMany", { inputs: 7 });
    await ask("tasks.sendEmail.delay,tasks.sendEmial.delay,tasks.once.enqueue", [
      { to: 1 },
      {},
      { input: 1 },
    ]);
    await ask("tasks.sendEmail.delay", mail, { method: "GET" });
    await ask("tasks.sendEmail.purge", mail);
    await ask("tasks.inner.delay", mail);
    await ask("results.list", {}, { method: "GET" });
    await ask("results.get", {}, { method: "GET" });
    await ask("results.get", { id: "a", backend: "default" }, { method: "GET" });
    await ask("results.wait", { id: "a", timeoutMs: -1 }, { method: "GET" });
    await ask("results.wait,results.get", [{ id: "a" }, { id: "b", also: 1 }], { method: "GET" });
    await ask("results.cancel", { id: "a" });
  },
  "a task that succeeds": async ({ client, stage, note, ask }) => {
    const result = await client.tasks.sendEmail.delay(mail);
    await stage.started(result.id);
    await note("runs", () => result.refresh());
    await ask("results.wait", { id: result.id, timeoutMs: 1 }, { method: "GET" });
    await note("too early", () => result.get({ timeout: "1ms" }));
    const waiting = result.get();
    await stage.order(result.id, { do: "progress", value: { sent: 1 } });
    await note("progress", () => result.refresh());
    await stage.order(result.id, { do: "succeed", output: SENT });
    await note("output", () => waiting);
    await ask("results.wait,results.get", [{ id: result.id }, { id: result.id, path: "sendEmail" }], {
      method: "GET",
    });
    await note("ended", () => result.refresh());
    await note("too late", () => result.cancel());
    await note("of another task", () => client.tasks.once.result(result.id).get());
    await note("by id", () => client.results.get(result.id));
    for (const output of [null, 0, "", false, [], { a: [1, null] }]) {
      const maybe = await client.tasks.inner.maybe.delay({ a: 1 });
      await stage.started(maybe.id);
      await stage.order(maybe.id, { do: "succeed", output });
      await note("output of its own", () => maybe.get());
    }
  },
  "a task that fails, and one that is retried": async ({ client, stage, note }) => {
    const failing = await client.tasks.once.delay();
    await stage.started(failing.id);
    await stage.order(failing.id, { do: "fail", exceptionClass: "SmtpError", message: "refused" });
    await note("error", () => failing.get());
    await note("failed", () => failing.refresh());
    const retried = await client.tasks.sendEmail.delay(mail);
    await stage.started(retried.id);
    await stage.order(retried.id, { do: "progress", value: 0.5 });
    await stage.order(retried.id, { do: "retry", message: "busy" });
    await note("retried", () => retried.refresh());
    await note("cancelled", () => retried.cancel());
    await note("error", () => retried.get());
    await note("cancelled", () => retried.refresh());
  },
  cancels: async ({ client, stage, note }) => {
    const waiting = await client.tasks.sendEmail.enqueue(mail, { countdown: "1h" });
    const got = waiting.get().catch((error: unknown) => error);
    await note("at once", () => waiting.cancel());
    await note("again", () => waiting.cancel());
    await note("the wait for it", async () => Promise.reject(await got));
    await note("cancelled", () => waiting.refresh());
    const running = await client.tasks.sendEmail.delay(mail);
    await stage.started(running.id);
    await note("asked", () => client.results.cancel(running.id));
    await note("runs on", () => running.status());
    await stage.order(running.id, { do: "stop", message: "half-way" });
    await note("stopped", () => running.refresh());
  },
  progress: async ({ client, stage, note }) => {
    const result = await client.tasks.sendEmail.delay(mail);
    await stage.started(result.id);
    const told: ProgressUpdate[] = [];
    const came = Promise.withResolvers<void>();
    let next = came;
    const stop = result.onProgress((update) => {
      told.push(update);
      next.resolve();
    });
    const step = async (act: () => Promise<void>) => {
      await next.promise;
      next = Promise.withResolvers<void>();
      await act();
    };
    await step(() => stage.order(result.id, { do: "progress", value: 0.25 }));
    await step(() => stage.order(result.id, { do: "progress", value: { sent: 2, of: 3 } }));
    await step(() => stage.order(result.id, { do: "succeed", output: SENT }));
    await step(async () => stop());
    await note("told", async () => told);
    await note(
      "of what has ended",
      () => new Promise((resolve, reject) => result.onProgress(resolve, { onError: reject })),
    );
    await note(
      "of what is not there",
      () =>
        new Promise((resolve, reject) =>
          client.tasks.once.result("a").onProgress(resolve, { onError: reject }),
        ),
    );
    await note(
      "of another task",
      () =>
        new Promise((resolve, reject) =>
          client.tasks.once.result(result.id).onProgress(resolve, { onError: reject }),
        ),
    );
  },
};

/** What a real server answers to a scenario, and what a mock does. */
async function playBoth(name: string, kind: Kind, contract: "value" | "type") {
  const scenario = scenarios[name] ?? expect.fail(`there is no scenario ${name}`);
  const answers: string[][] = [];
  for (const open of [() => realStage(kind), () => mockedStage(kind, contract)]) {
    const stage = await open();
    try {
      answers.push(await play(stage, kind, scenario));
    } finally {
      await stage.close();
    }
  }
  const [real = [], mocked = []] = answers;
  expect(real.length).toBeGreaterThan(3);
  return { real, mocked };
}

describe.each(["plain", "rich"] as const)("the mock and a real server, %s", (kind) => {
  test.each(Object.keys(scenarios))("answer the same: %s", async (name) => {
    const { real, mocked } = await playBoth(name, kind, "value");
    expect(mocked).toEqual(real);
  });

  /** All but the options of a task, which only the contract's value tells. */
  const withoutOptions = (answers: readonly string[]) =>
    answers.map((answer) =>
      answer
        .replace(/(label|queue|priority|maxRetries): [^,]+,/g, "$1,")
        .replace(/tags: \[[^\]]*\]/g, "tags"),
    );

  test.each(["a task that succeeds", "a task that fails, and one that is retried", "cancels", "progress"])(
    "answer the same, by the contract's type alone: %s",
    async (name) => {
      const { real, mocked } = await playBoth(name, kind, "type");
      expect(withoutOptions(mocked)).toEqual(withoutOptions(real));
    },
  );
});
