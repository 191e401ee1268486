import { startQstashDev } from "@taskwright/server/qstash-dev";
import { expect, test } from "vitest";
import { startEndpoint } from "../harness/qstash-endpoint.ts";
import { type CliFolder, cliFolder, fixture, projectFolder } from "./fixtures/cli/cli-process.ts";

/** A folder whose config delivers through a local QStash to an endpoint that refuses every task for good. */
async function qstashFolder() {
  await using made = new AsyncDisposableStack();
  const qstash = made.use(await startQstashDev({ port: 0 }));
  const endpoint = made.use(
    await startEndpoint(({ body }) =>
      body.includes('"sourceMessageId"')
        ? {}
        : { status: 489, headers: { "upstash-nonretryable-error": "true" }, body: "no\u001b[31m luck" },
    ),
  );
  const folder = made.use(
    cliFolder(`
      import { createTaskServer } from ${JSON.stringify(import.meta.resolve("@taskwright/server"))};
      import { qstashBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/qstash"))};
      import { sqliteBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/sqlite"))};
      import { tasks } from ${JSON.stringify(fixture("tasks.ts"))};
      export default createTaskServer({
        tasks,
        backend: qstashBackend({
          token: ${JSON.stringify(qstash.token)},
          baseUrl: ${JSON.stringify(qstash.url)},
          domain: ${JSON.stringify(endpoint.url)},
          currentSigningKey: ${JSON.stringify(qstash.currentSigningKey)},
          nextSigningKey: ${JSON.stringify(qstash.nextSigningKey)},
          store: sqliteBackend({ file: "store.db" }),
        }),
        only: ["hold"],
        handlers: { hold: () => {} },
      });`),
  );
  /** Deletes a schedule in QStash, past Taskwright. */
  const deleteRemote = async (id: string) => {
    const headers = { authorization: `Bearer ${qstash.token}` };
    const response = await fetch(`${qstash.url}/v2/schedules/${id}`, { method: "DELETE", headers });
    expect(response.status).toBe(200);
  };
  const parts = made.move();
  return { folder, endpoint, deleteRemote, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function json(folder: CliFolder, ...args: string[]) {
  const { stdout } = await folder.run([...args, "--json"]);
  return JSON.parse(stdout);
}

/** Enqueues a task that is refused; gives its dead letter. */
async function refused({ folder, endpoint }: Awaited<ReturnType<typeof qstashFolder>>) {
  const { id } = await json(folder, "results", "clear", "--delay");
  await endpoint.request(({ body }) => body.includes('"sourceMessageId"'));
  const { deadLetters } = await json(folder, "dead-letters", "list");
  expect(deadLetters).toMatchObject([{ taskId: id, path: "taskwright.clearStaleResults", status: 489 }]);
  expect(deadLetters[0]).not.toHaveProperty("answer");
  return { id: deadLetters[0].id as string, taskId: id as string };
}

test("dead-letters lists, shows and redrives what QStash has given up on", async () => {
  await using bench = await qstashFolder();
  const { folder, endpoint } = bench;
  const letter = await refused(bench);
  const list = await folder.run(["dead-letters", "list", "--task", "taskwright.clearStaleResults"]);
  expect(list.stdout).toMatch(/^ID +TASK +TASK RESULT +STATUS +AGE\n/);
  expect(list.stdout).toContain(letter.taskId);
  expect((await folder.run(["dead-letters", "list", "--task", "sendEmail"])).stderr).toBe(
    "No dead letters.\n",
  );
  const shown = await folder.run(["dead-letters", "show", letter.id]);
  expect(shown.stdout).toContain(`task result  ${letter.taskId}\n`);
  expect(shown.stdout).toMatch(/\nanswer\n {2}no\S* luck\n$/);
  expect(shown.stdout).not.toContain("\u001b");
  const count = endpoint.received.length;
  const redriven = await folder.run(["dead-letters", "redrive", letter.id, "nothing"]);
  expect(redriven).toMatchObject({ code: 1, stdout: "Sent 1 dead letter anew.\n" });
  expect(redriven.stderr).toBe(
    "There is no dead letter nothing. `taskwright dead-letters list` shows the ones there are.\n",
  );
  await endpoint.request((received) => endpoint.received.indexOf(received) >= count);
  expect((await folder.run(["dead-letters", "show", letter.id])).code).toBe(1);
});

test("dead-letters delete asks first", async () => {
  await using bench = await qstashFolder();
  const { folder } = bench;
  const { id } = await refused(bench);
  const asked = await folder.run(["dead-letters", "delete", id], { stdin: "n\n" });
  expect(asked).toMatchObject({ code: 1, stdout: "" });
  expect(asked.stderr).toContain(`Delete the dead letter ${id} of taskwright.clearStaleResults? [y/N]`);
  expect(await json(folder, "dead-letters", "delete", id, "--no-input")).toEqual({ id, deleted: true });
  expect(await json(folder, "dead-letters", "list")).toEqual({ deadLetters: [], nextCursor: null });
});

test("schedules sync makes kept schedules those that QStash has, after asking", async () => {
  await using bench = await qstashFolder();
  const { folder, deleteRemote } = bench;
  const create = (id: string) =>
    folder.run(["schedules", "create", "taskwright.clearStaleResults", "--cron", "0 4 * * *", "--id", id]);
  expect((await create("kept")).code).toBe(0);
  expect((await create("gone")).code).toBe(0);
  await deleteRemote("gone");
  const asked = await folder.run(["schedules", "sync"], { stdin: "n\n" });
  expect(asked).toMatchObject({ code: 1, stdout: "" });
  expect(asked.stderr).toContain("Nothing was changed. --no-input syncs without asking.\n");
  const answered = await folder.run(["schedules", "sync"], { stdin: "y\n" });
  expect(answered.stdout).toBe("Schedules: 0 added, 0 changed, 1 removed, 1 unchanged.\n");
  const none = { added: 0, changed: 0, removed: 0, unchanged: 1 };
  expect(await json(folder, "schedules", "sync", "--no-input")).toEqual(none);
});

test("doctor asks QStash, and says where deliveries go", async () => {
  await using bench = await qstashFolder();
  const { folder, endpoint } = bench;
  const { findings } = await json(folder, "doctor");
  const told = findings.map(({ message }: { message: string }) => message).join("\n");
  expect(told).toMatch(/QStash at http:\S+ takes the token\./);
  expect(told).toContain(`Deliveries go to ${endpoint.url}/qstash/webhook/, unencrypted`);
  // The contract's own; built-in tasks are not counted.
  expect(told).toContain("4 of 5 tasks have no handler here");
});

test("where workers claim and run schedules, both say that there is nothing", async () => {
  await using folder = projectFolder();
  const sync = await folder.run(["schedules", "sync", "--no-input"]);
  expect(sync.code).not.toBe(0);
  expect(sync.stderr).toContain(
    'The backend "default" (sqlite) has nothing to sync: the schedules that it keeps',
  );
  const letters = await folder.run(["dead-letters", "list"]);
  expect(letters.code).not.toBe(0);
  expect(letters.stderr).toContain(
    'The backend "default" (sqlite) has no dead letters, as workers claim from it.',
  );
});
