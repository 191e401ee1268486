import { join } from "node:path";
import { createTaskClient } from "@taskwright/server";
import { sqliteBackend } from "@taskwright/server/sqlite";
import { initTasks } from "@taskwright/shared";
import { describe, expect, test } from "vitest";
import { type CliFolder, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

const t = initTasks.create();
const formerTasks = t.router({ mail: t.task, reports: t.router({ monthly: t.task }) });

/** A client of the project's store by a contract from before its tasks were renamed. */
function formerClient(folder: CliFolder) {
  return createTaskClient(formerTasks, { backend: sqliteBackend({ file: join(folder.path, "default.db") }) });
}

/** What doctor says of the store. */
async function findingsOf(folder: CliFolder): Promise<readonly unknown[]> {
  const { code, stdout } = await folder.run(["doctor", "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout).findings;
}

function warning(message: string): object {
  return { subject: "backend default", level: "warning", message };
}

const WHAT_TO_DO =
  "this config's workers leave them READY. Run them with a contract that has the path, or cancel them.";

describe.concurrent("doctor, of READY task results without a task", () => {
  test("names the path and how many wait, and no path of the contract", async () => {
    await using folder = projectFolder();
    await using former = formerClient(folder);
    await using client = projectClient(folder);
    await former.tasks.mail.enqueueMany([undefined, undefined, undefined]);
    await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    expect(await findingsOf(folder)).toContainEqual(
      warning(`3 READY of \`mail\`, which this contract does not have: ${WHAT_TO_DO}`),
    );
  });

  test("names several, those with most first", async () => {
    await using folder = projectFolder();
    await using former = formerClient(folder);
    await former.tasks.mail.delay();
    await former.tasks.reports.monthly.enqueue(undefined, { countdown: "1h" });
    await former.tasks.reports.monthly.delay();
    expect(await findingsOf(folder)).toContainEqual(
      warning(
        `2 READY of \`reports.monthly\`, 1 READY of \`mail\`, none of which this contract has: ${WHAT_TO_DO}`,
      ),
    );
  });

  test("says at least where more are READY than it looks at", async () => {
    await using folder = projectFolder();
    await using former = formerClient(folder);
    await former.tasks.mail.enqueueMany(Array.from({ length: 1_001 }, () => undefined));
    expect(await findingsOf(folder)).toContainEqual(
      warning(`At least 1000 READY of \`mail\`, which this contract does not have: ${WHAT_TO_DO}`),
    );
  });

  test("does not look for them behind a thousand others, and says so", async () => {
    await using folder = projectFolder();
    await using former = formerClient(folder);
    await using client = projectClient(folder);
    await former.tasks.mail.delay();
    await client.tasks.sendEmail.enqueueMany(
      Array.from({ length: 1_000 }, () => ({ to: "ada@example.com" })),
    );
    expect(await findingsOf(folder)).toContainEqual({
      subject: "backend default",
      level: "ok",
      message:
        "The READY ones that were enqueued last, up to 1,000, are of tasks of this contract; older ones were not looked at.",
    });
  });

  test("says nothing of those that have ended, and of a contract's own", async () => {
    await using folder = projectFolder();
    await using former = formerClient(folder);
    await using client = projectClient(folder);
    const cancelled = await former.tasks.mail.delay();
    expect(await cancelled.cancel()).toBe("cancelled");
    await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    expect(JSON.stringify(await findingsOf(folder))).not.toContain("READY of");
  });
});
