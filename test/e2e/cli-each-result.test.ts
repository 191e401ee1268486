import { describe, expect, test } from "vitest";
import { fixture, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

/** A config whose store takes one cancel and one retry by hand. */
const STORE_FAILS_LATER = `
  import { server } from ${JSON.stringify(fixture("server.ts"))};
  const { store } = server["~engine"].backend("default").backend;
  for (const name of ["cancel", "requeue"]) {
    const operation = store[name];
    let calls = 0;
    store[name] = async (request) => {
      if (++calls > 1) throw new Error("disk I/O error");
      return operation(request);
    };
  }
  export default server;`;

describe.concurrent.each(["cancel", "retry"])("%s of several", (command) => {
  test("changes none when an id is none", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const mail = await client.tasks.sendEmail.delay({ to: "ada@example.com" });
    if (command === "retry") await mail.cancel();
    const before = await mail.status();
    for (const json of [[], ["--json"]]) {
      const { code, stdout, stderr } = await folder.run([command, mail.id, "", ...json]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("The id of a task result must be a non-empty string; got an empty one.");
    }
    expect(await mail.status()).toBe(before);
  });

  test("says what was done when the store fails in the middle", async () => {
    await using folder = projectFolder();
    folder.write("failing.ts", STORE_FAILS_LATER);
    await using client = projectClient(folder);
    const mails = await client.tasks.sendEmail.enqueueMany(Array(6).fill({ to: "ada@example.com" }));
    if (command === "retry") for (const mail of mails) await mail.cancel();
    const ids = mails.map(({ id }) => id);
    const text = await folder.run([command, ...ids.slice(0, 3), "--config", "failing.ts"]);
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(new RegExp(`^sendEmail ${ids[0]} is .*\\n$`));
    expect(text.stderr).toMatch(new RegExp(`^Not tried: ${ids[2]}\\nError: disk I/O error\\n`));
    const json = await folder.run([command, ...ids.slice(3), "--json", "--config", "failing.ts"]);
    expect(json.code).toBe(1);
    expect(json.stderr).toContain("Error: disk I/O error");
    expect(JSON.parse(json.stdout)).toMatchObject([
      { id: ids[3], task: "sendEmail", code: null },
      { id: ids[4], outcome: "failed", message: "disk I/O error", code: "INTERNAL_ERROR" },
      { id: ids[5], outcome: "untried", code: null },
    ]);
  });
});
