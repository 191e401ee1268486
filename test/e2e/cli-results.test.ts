import { describe, expect, test } from "vitest";
import { type CliFolder, cliFolder, fixture, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

const UNKNOWN_ID = "0199f0c4-6a30-7d3e-9d5a-0d9f1c3f8a11";

/** A config whose handler of `sendEmail` says its input as progress. */
const PROGRESS = `
  import { createTaskServer } from ${JSON.stringify(import.meta.resolve("@taskwright/server"))};
  import { sqliteBackend } from ${JSON.stringify(import.meta.resolve("@taskwright/server/sqlite"))};
  import { tasks } from ${JSON.stringify(fixture("tasks.ts"))};
  export default createTaskServer({
    tasks,
    backend: sqliteBackend({ file: "default.db" }),
    only: ["sendEmail"],
    handlers: {
      sendEmail: async ({ input, attempt }) => {
        await attempt.progress(JSON.parse(input.to));
        return { messageId: input.to };
      },
    },
  });`;

async function json(folder: CliFolder, ...args: string[]) {
  const { stdout } = await folder.run([...args, "--json"]);
  return JSON.parse(stdout);
}

describe.concurrent("tasks", () => {
  test("prints name, path and label", async () => {
    await using folder = projectFolder();
    const { code, stdout } = await folder.run(["tasks"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 3)).toEqual([
      "NAME       PATH             LABEL",
      "sendEmail  sendEmail        Send an e-mail",
      "invoice    billing.invoice  billing.invoice",
    ]);
  });

  test("--locations prints paths only", async () => {
    await using folder = projectFolder();
    const { stdout } = await folder.run(["tasks", "--locations"]);
    expect(stdout).toBe("sendEmail\nbilling.invoice\nbilling.refuse\nhold\ncount\n");
    expect(await json(folder, "tasks", "--locations")).toEqual([
      "sendEmail",
      "billing.invoice",
      "billing.refuse",
      "hold",
      "count",
    ]);
  });

  test("--json adds queue and handler", async () => {
    await using folder = cliFolder(
      `export { server as default } from ${JSON.stringify(fixture("partial-server.ts"))};`,
    );
    const rows = await json(folder, "tasks");
    expect(rows.slice(0, 2)).toEqual([
      {
        name: "sendEmail",
        location: "sendEmail",
        fieldLabel: "Send an e-mail",
        queue: "emails",
        hasHandler: false,
      },
      {
        name: "invoice",
        location: "billing.invoice",
        fieldLabel: "billing.invoice",
        queue: "default",
        hasHandler: true,
      },
    ]);
  });
});

describe.concurrent("results list", () => {
  test("prints the newest first, and where to go on", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const first = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const second = await client.tasks.billing.invoice.delay({ orderId: 1 });
    const page = await folder.run(["results", "list", "--limit", "1"]);
    expect(page.code).toBe(0);
    expect(page.stdout).toMatch(/^ID +STATUS +TASK +QUEUE +ATTEMPTS +AGE\n/);
    expect(page.stdout).toMatch(
      new RegExp(`\\n${second.id} +READY +billing\\.invoice +default +0 +\\S+\\n$`),
    );
    const [, cursor = ""] = /There are more: add --cursor (\S+)\n/.exec(page.stderr) ?? [];
    const rest = await folder.run(["results", "list", "--limit", "1", "--cursor", cursor]);
    expect(rest.stdout).toContain(first.id);
    expect(rest.stderr).toBe("");
    expect((await folder.run(["results", "list", "--offset", "1"])).stdout).not.toContain(second.id);
  });

  test("says when a READY one is due later", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const later = await client.tasks.sendEmail.enqueue({ to: "ada@example.com" }, { countdown: "80h" });
    const now = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const { stdout } = await folder.run(["results", "list"]);
    expect(stdout).toMatch(new RegExp(`\\n${later.id} +READY in 3d +sendEmail `));
    expect(stdout).toMatch(new RegExp(`\\n${now.id} +READY +sendEmail `));
  });

  test("filters by what inputs hold", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const [ada, five, text] = await client.tasks.sendEmail.enqueueMany([
      { to: "ada@example.com" },
      { to: "5" },
      { to: "a=b" },
    ]);
    const invoices = await client.tasks.billing.invoice.enqueueMany(
      [1, 5, 10].map((orderId) => ({ orderId })),
    );
    const ids = async (...args: string[]) => {
      const page = await json(folder, "results", "list", ...args);
      expect(page.scan).toMatchObject({ isCutShort: false });
      return page.results.map(({ id }: { id: string }) => id);
    };
    expect(await ids("--where", "to=ada@example.com")).toEqual([ada?.id]);
    expect(await ids("--where", 'to="5"')).toEqual([five?.id]);
    expect(await ids("--where", "to=5")).toEqual([]);
    expect(await ids("--where", '["to"]=a=b')).toEqual([text?.id]);
    expect(await ids("--where", "orderId>=5", "--where", "orderId!=10")).toEqual([invoices[1]?.id]);
    expect(await ids("--where", "orderId=5", "--task", "sendEmail")).toEqual([]);
    for (const wrong of ["to", "=1", "a.b.c.d=1", "orderId>=true", '["a"=1']) {
      const { code, stderr } = await folder.run(["results", "list", "--where", wrong]);
      expect(code, wrong).toBe(2);
      expect(stderr).toContain("--where");
    }
    const offset = await folder.run(["results", "list", "--where", "to=5", "--offset", "1"]);
    expect(offset.stderr).toContain("offset must be 0 together with a filter on inputs");
  });

  test("--where says how far it looked when it ends before the page is full", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const old = await client.tasks.sendEmail.delay({ to: "old@example.com" });
    for (let batch = 0; batch < 10; batch++) {
      const inputs = Array.from({ length: 1_000 }, (_, index) => ({ to: `${index}` }));
      await client.tasks.sendEmail.enqueueMany(inputs);
    }
    const list = ["results", "list", "--where", "to>=old"];
    const { code, stdout, stderr } = await folder.run(list);
    expect([code, stdout]).toEqual([0, ""]);
    const said =
      /^No task results so far\. Looked at 10000 task results, back to \S+ ago; there may be more: add --cursor (\S+)\n$/;
    expect(stderr).toMatch(said);
    const [, cursor = ""] = said.exec(stderr) ?? [];
    const rest = await folder.run([...list, "--cursor", cursor]);
    expect(rest.stdout).toContain(old.id);
    expect(rest.stderr).toBe("");
    const page = await json(folder, ...list);
    expect(page).toMatchObject({
      results: [],
      nextCursor: cursor,
      scan: { looked: 10_000, isCutShort: true },
    });
    const { stdout: status } = await folder.run(["status"]);
    expect(status).toContain("10,000+ READY");
    const counts = await json(folder, "status");
    expect(counts.backends[0]).toMatchObject({ isExact: false, counts: { READY: 10_000 } });
    expect((await folder.run(["status", "--exact"])).stdout).toContain("10001 READY");
  });

  test("filters by state, queue, task, tag and backend", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.enqueue({ to: "ada@example.com" }, { tags: ["launch"] });
    const invoice = await client.tasks.billing.invoice.delay({ orderId: 1 });
    const bulk = await client.tasks.sendEmail.enqueue({ to: "bob@example.com" }, { backend: "bulk" });
    await invoice.cancel();
    const ids = async (...args: string[]) => {
      const { results } = await json(folder, "results", "list", ...args);
      return results.map(({ id }: { id: string }) => id);
    };
    expect(await ids("--status", "cancelled,FAILED")).toEqual([invoice.id]);
    expect(await ids("--status", "READY", "--status", "CANCELLED")).toEqual([invoice.id, mail.id]);
    expect(await ids("--queue", "emails")).toEqual([mail.id]);
    expect(await ids("--task", "billing.invoice")).toEqual([invoice.id]);
    expect(await ids("--tag", "launch")).toEqual([mail.id]);
    expect(await ids("--backend", "bulk")).toEqual([bulk.id]);
  });

  test("--json has the facts of each, and neither inputs nor stacks", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    await client.tasks.billing.refuse.delay({ reason: "SECRET-INPUT" });
    await folder.run(["worker", "--once"]);
    const { stdout } = await folder.run(["results", "list", "--json"]);
    expect(stdout).not.toContain("SECRET-INPUT");
    const { results, nextCursor } = JSON.parse(stdout);
    expect(nextCursor).toBeNull();
    expect(Object.keys(results[0]).sort()).toEqual(
      [
        ..."attempts backend enqueuedAt errors finishedAt id isFinished label lastAttemptedAt maxRetries parentId".split(
          " ",
        ),
        ..."path priority queue runAfter scheduleId startedAt status tags workerIds".split(" "),
      ].sort(),
    );
    expect(results[0]).toMatchObject({
      status: "FAILED",
      path: "billing.refuse",
      attempts: 1,
      isFinished: true,
    });
    expect(results[0].errors).toEqual([
      {
        type: "EXECUTION_ERROR",
        exceptionClass: "NonRetryable",
        message: "refused by the bank",
        attempt: 1,
        workerId: expect.any(String),
        at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  test("says so when there are none", async () => {
    await using folder = projectFolder();
    expect(await folder.run(["results", "list"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "No task results.\n",
    });
    expect(await json(folder, "results", "list")).toEqual({ results: [], nextCursor: null });
  });
});

describe.concurrent("results show", () => {
  test("prints input, output and times, whichever backend has it", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const { id } = await client.tasks.sendEmail.enqueue({ to: "ada@example.com" }, { backend: "bulk" });
    await folder.run(["worker", "--once", "--backend", "bulk"]);
    const { code, stdout } = await folder.run(["results", "show", id]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `id           ${id}\ntask         sendEmail (Send an e-mail)\nstatus       SUCCESSFUL\n`,
    );
    expect(stdout).toContain("queue        emails, backend bulk, priority 10");
    expect(stdout).toMatch(/finished {5}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(\S+ ago\)/);
    expect(stdout).toContain('\ninput\n  {\n    "to": "ada@example.com"\n  }\n');
    expect(stdout).toContain('\noutput\n  {\n    "messageId": "<ada@example.com>"\n  }\n');
    expect(await json(folder, "results", "show", id)).toMatchObject({
      id,
      status: "SUCCESSFUL",
      input: { to: "ada@example.com" },
      output: { messageId: "<ada@example.com>" },
    });
  });

  test("prints errors without steering the terminal, and stacks with --verbose", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const { id } = await client.tasks.billing.invoice.delay({ orderId: 7 });
    await folder.run(["worker", "--once"]);
    const { stdout } = await folder.run(["results", "show", id]);
    expect(stdout).toMatch(
      /errors\n {2}attempt 1 by \S+ at \S+: EXECUTION_ERROR\n {4}TypeError: order 7 has no address\n/,
    );
    expect(stdout).toMatch(/due +\S+ \S+ \(in 59m\)/);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toMatch(/ at .*server\.ts/);
    expect((await folder.run(["results", "show", id, "--verbose"])).stdout).toMatch(/ at .*server\.ts:/);
  });

  test("prints what JSON cannot hold", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const { id } = await client.tasks.count.delay({ from: new Date("2026-01-31T09:00:00Z") });
    await folder.run(["worker", "--once"]);
    const { stdout } = await folder.run(["results", "show", id]);
    expect(stdout).toContain("from: 2026-01-31T09:00:00.000Z");
    expect(stdout).toContain("total: 18446744073709551616n");
    expect((await json(folder, "results", "show", id)).output).toEqual({
      total: "18446744073709551616",
      perDay: [["monday", 3]],
    });
  });

  test("prints a share of the whole as such, and any other progress as it is", async () => {
    await using folder = cliFolder(PROGRESS);
    await using client = projectClient(folder);
    for (const [to, shown] of [
      ["0.29", "29 %"],
      ["1", "100 %"],
      ["7", "7"],
      ['{"done":1}', '{"done":1}'],
    ] as const) {
      const { id } = await client.tasks.sendEmail.delay({ to });
      await folder.run(["worker", "--once"]);
      const { stdout } = await folder.run(["results", "show", id]);
      expect(stdout).toContain(`\nprogress     ${shown}\n`);
    }
  });

  test("of an unknown id ends with 1 and says where it looked", async () => {
    await using folder = projectFolder();
    const { code, stdout, stderr } = await folder.run(["results", "show", UNKNOWN_ID]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `Error: There is no task result ${UNKNOWN_ID} in the backends default, bulk: it was never stored there, or has been purged.\n\`taskwright results list\` shows the ones there are.\n`,
    );
  });
});

describe.concurrent("retry", () => {
  test("makes a FAILED one READY again and reports the others", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const failed = await client.tasks.billing.refuse.delay({ reason: "none" });
    await folder.run(["worker", "--once"]);
    const waiting = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const { code, stdout, stderr } = await folder.run(["retry", failed.id, waiting.id, UNKNOWN_ID]);
    expect(code).toBe(1);
    expect(stdout).toBe(`billing.refuse ${failed.id} is READY again.\n`);
    expect(stderr).toContain(`Error: sendEmail ${waiting.id} is READY;`);
    expect(stderr).toContain(`Error: There is no task result ${UNKNOWN_ID}`);
    expect(await failed.status()).toBe("READY");
  });

  test("--json answers for each id", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const { id } = await client.tasks.billing.refuse.enqueue({ reason: "none" }, { backend: "bulk" });
    await folder.run(["worker", "--once", "--backend", "bulk"]);
    const { code, stdout } = await folder.run(["retry", id, UNKNOWN_ID, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        id,
        task: "billing.refuse",
        outcome: "requeued",
        message: `billing.refuse ${id} is READY again.`,
        code: null,
      },
      {
        id: UNKNOWN_ID,
        task: null,
        outcome: "failed",
        message: expect.any(String),
        code: "RESULT_NOT_FOUND",
      },
    ]);
  });
});

describe.concurrent("cancel", () => {
  test("cancels a READY one, and again without complaint", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    expect(await folder.run(["cancel", mail.id])).toEqual({
      code: 0,
      stdout: `sendEmail ${mail.id} is CANCELLED.\n`,
      stderr: "",
    });
    expect((await folder.run(["cancel", mail.id])).code).toBe(0);
    expect(await mail.status()).toBe("CANCELLED");
  });

  test("ends with 1 for one that has finished otherwise", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const { id } = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    await folder.run(["worker", "--once"]);
    const { code, stderr } = await folder.run(["cancel", id]);
    expect(code).toBe(1);
    expect(stderr).toBe(`Error: sendEmail ${id} is SUCCESSFUL already: too late to cancel it.\n`);
    expect(await json(folder, "cancel", id)).toMatchObject([{ id, outcome: "finished" }]);
  });
});

describe.concurrent("execute", () => {
  test("runs one now, due or not", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.enqueue(
      { to: "ada@example.com" },
      { countdown: "1h", backend: "bulk" },
    );
    expect(await folder.run(["execute", mail.id])).toEqual({
      code: 0,
      stdout: `sendEmail ${mail.id} is SUCCESSFUL after attempt 1.\n`,
      stderr: "",
    });
    expect(await mail.get()).toEqual({ messageId: "<ada@example.com>" });
  });

  test("ends with 1 and the reason when the attempt fails", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const invoice = await client.tasks.billing.invoice.delay({ orderId: 7 });
    const { code, stdout, stderr } = await folder.run(["execute", invoice.id]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `Error: billing.invoice ${invoice.id} is READY after attempt 1, due again in 59m: EXECUTION_ERROR: order 7 has no address\n`,
    );
    expect((await folder.run(["execute", invoice.id, "--json"])).code).toBe(1);
    expect(await invoice.status()).toBe("FAILED");
  });

  test("runs a FAILED one only with --allow-retry", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    await mail.cancel();
    const refused = await folder.run(["execute", mail.id]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(`Error: sendEmail ${mail.id} is CANCELLED; --allow-retry runs it again.\n`);
    const { code, stdout } = await folder.run(["execute", mail.id, "--allow-retry", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      id: mail.id,
      status: "SUCCESSFUL",
      output: { messageId: "<ada@example.com>" },
    });
  });

  test("of a task without a handler here says so", async () => {
    await using folder = projectFolder();
    const server = JSON.stringify(fixture("server.ts"));
    folder.write(
      "partial.ts",
      `import { server } from ${server};\nfor (const task of server["~engine"].tasks.values()) delete task.handler;\nexport default server;\n`,
    );
    await using client = projectClient(folder);
    const { id } = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    const { code, stderr } = await folder.run(["execute", id, "--config", "partial.ts"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "Error: This server has no handler for sendEmail.\n`taskwright doctor` lists the tasks without a handler.\n",
    );
  });
});

/** One of each finished state, and a READY one. */
async function finishedResults(folder: CliFolder) {
  await using client = projectClient(folder);
  const cancelled = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
  await cancelled.cancel();
  await client.tasks.sendEmail.delay({ to: "ada@example.com" });
  await client.tasks.billing.refuse.delay({ reason: "none" });
  await folder.run(["worker", "--once"]);
  await client.tasks.sendEmail.delay({ to: "ada@example.com" });
}

async function counts(folder: CliFolder) {
  const { backends } = await json(folder, "status", "--backend", "default");
  return backends[0].counts;
}

describe.concurrent("purge", () => {
  test("deletes SUCCESSFUL and FAILED ones of the given age", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    expect((await folder.run(["purge"])).stdout).toBe("Deleted 0 task results.\n");
    expect((await folder.run(["purge", "--days", "0", "--dry-run"])).stdout).toBe(
      "Would delete 2 task results; --dry-run deletes nothing.\n",
    );
    expect((await folder.run(["purge", "--days", "0", "--batch-size", "1"])).stdout).toBe(
      "Deleted 2 task results.\n",
    );
    expect(await counts(folder)).toEqual({ READY: 1, RUNNING: 0, SUCCESSFUL: 0, FAILED: 0, CANCELLED: 1 });
  });

  test("takes other states, and answers in JSON", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    const args = ["purge", "--days", "0", "--status", "cancelled"];
    expect(await json(folder, ...args, "--dry-run")).toEqual({ purged: 1, dryRun: true });
    expect(await json(folder, ...args)).toEqual({ purged: 1, dryRun: false });
    expect(await json(folder, ...args, "--backend", "bulk")).toEqual({ purged: 0, dryRun: false });
  });
});

describe.concurrent("results clear", () => {
  test("asks first, and deletes nothing without a yes", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    const { code, stdout, stderr } = await folder.run(["results", "clear", "--since", "0"], { stdin: "n\n" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("Delete 1 SUCCESSFUL task result? [y/N]");
    expect(stderr).toContain("Nothing was deleted. --no-input deletes without asking.");
    expect((await folder.run(["results", "clear", "--since", "0"])).code).toBe(1);
    expect((await counts(folder)).SUCCESSFUL).toBe(1);
  });

  test("deletes SUCCESSFUL ones only, after a yes or with --no-input", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    const answered = await folder.run(["results", "clear", "--since", "0"], { stdin: "y\n" });
    expect({ code: answered.code, stdout: answered.stdout }).toEqual({
      code: 0,
      stdout: "Deleted 1 SUCCESSFUL task result.\n",
    });
    expect(await counts(folder)).toEqual({ READY: 1, RUNNING: 0, SUCCESSFUL: 0, FAILED: 1, CANCELLED: 1 });
    expect(await json(folder, "results", "clear", "--since", "0", "--no-input")).toEqual({ deleted: 0 });
  });

  test("keeps 7 days, or what TASKWRIGHT_RESULT_TTL says", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    expect((await folder.run(["results", "clear", "--no-input"])).stdout).toBe(
      "Deleted 0 SUCCESSFUL task results older than 7d.\n",
    );
    const wrong = await folder.run(["results", "clear"], { env: { TASKWRIGHT_RESULT_TTL: "a week" } });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("TASKWRIGHT_RESULT_TTL must be a number of seconds");
    const none = await folder.run(["results", "clear", "--no-input"], {
      env: { TASKWRIGHT_RESULT_TTL: "0" },
    });
    expect(none.stdout).toBe("Deleted 1 SUCCESSFUL task result.\n");
  });
});

test("results clear --delay leaves it to a worker", async () => {
  await using folder = projectFolder();
  await finishedResults(folder);
  const { code, stdout } = await folder.run(["results", "clear", "--since", "0", "--delay"]);
  const [, id = ""] = /^Enqueued taskwright\.clearStaleResults (\S+)\.\n$/.exec(stdout) ?? [];
  expect({ code, id }).toEqual({ code: 0, id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect((await counts(folder)).SUCCESSFUL).toBe(1);
  expect(await json(folder, "execute", id)).toMatchObject({ status: "SUCCESSFUL", output: { deleted: 1 } });
  expect(await json(folder, "results", "clear", "--delay")).toEqual({ id: expect.any(String) });
});

describe.concurrent("status", () => {
  test("counts by state and queue, for each backend", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    const { code, stdout } = await folder.run(["status"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^backend default \(sqlite\)\n1 READY, 0 RUNNING, 1 SUCCESSFUL, 1 FAILED, 1 CANCELLED\n\nQUEUE +DUE +LATER +RUNNING /,
    );
    expect(stdout).toMatch(/\nemails +1 +0 +0 +1 +0 +1 +\S+\n/);
    expect(stdout).toMatch(/\n\nbackend bulk \(sqlite\)\nno task results\n$/);
  });

  test("--json has counts and queues", async () => {
    await using folder = projectFolder();
    await finishedResults(folder);
    const { backends } = await json(folder, "status");
    expect(backends.map(({ backend }: { backend: string }) => backend)).toEqual(["default", "bulk"]);
    expect(backends[0]).toEqual({
      backend: "default",
      kind: "sqlite",
      counts: { READY: 1, RUNNING: 0, SUCCESSFUL: 1, FAILED: 1, CANCELLED: 1 },
      isExact: true,
      queues: [
        {
          backend: "default",
          queue: "default",
          pending: 0,
          delayed: 0,
          running: 0,
          successful: 0,
          failed: 1,
          cancelled: 0,
          oldestPendingAt: null,
        },
        {
          backend: "default",
          queue: "emails",
          pending: 1,
          delayed: 0,
          running: 0,
          successful: 1,
          failed: 0,
          cancelled: 1,
          oldestPendingAt: expect.stringMatching(/Z$/),
        },
      ],
      error: null,
    });
  });

  test("ends with 1 when a backend does not answer, and still shows the others", async () => {
    await using folder = projectFolder();
    const { code, stdout, stderr } = await folder.run(["status"], { env: { BROKEN_BULK: "yes" } });
    expect(code).toBe(1);
    expect(stdout).toContain("backend default (sqlite)");
    expect(stderr).toMatch(/^Error: .+\n$/);
  });
});

test("an error shows its stack only with --verbose", async () => {
  await using folder = projectFolder();
  const plain = await folder.run(["purge", "--backend", "bulk"], { env: { BROKEN_BULK: "yes" } });
  expect(plain.code).toBe(1);
  expect(plain.stderr).toContain("`taskwright doctor` examines each backend");
  expect(plain.stderr).not.toMatch(/\n +at /);
  const verbose = await folder.run(["purge", "--backend", "bulk", "--verbose"], {
    env: { BROKEN_BULK: "yes" },
  });
  expect(verbose.stderr).toMatch(/\n +at /);
});
