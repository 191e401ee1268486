import { describe, expect, test } from "vitest";
import { type CliFolder, projectFolder } from "./fixtures/cli/cli-process.ts";
import { projectClient } from "./fixtures/cli/project-client.ts";

const MAIL = ["--input", '{"to":"ada@example.com"}'];

async function json(folder: CliFolder, ...args: string[]) {
  const { stdout } = await folder.run(["schedules", ...args, "--json"]);
  return JSON.parse(stdout);
}

/** Creates a schedule of `sendEmail`. */
function create(folder: CliFolder, ...args: string[]) {
  return folder.run(["schedules", "create", "sendEmail", ...MAIL, ...args]);
}

describe.concurrent("schedules create", () => {
  test("stores a schedule with all that is said, and prints it in one line", async () => {
    await using folder = projectFolder();
    const rule = ["--cron", "0 4 * * 1", "--time-zone", "Europe/Berlin", "--misfire", "skip"];
    const options = ["--queue", "default", "--priority", "-5", "--max-retries", "1", "--timeout", "none"];
    const words = ["--expires", "90", "--tag", "a", "--tag", "b", "--id", "nightly", "--name", "Mail"];
    const { code, stdout, stderr } = await create(folder, ...rule, ...options, ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^sendEmail nightly is Active, 0 4 \* \* 1 in Europe\/Berlin: next \d{4}-\d\d-\d\d \d\d:00:00Z \(in \w+\)\.\n$/,
    );
    await using client = projectClient(folder);
    expect(await client.schedules.get("nightly")).toMatchObject({
      name: "Mail",
      path: "sendEmail",
      input: { to: "ada@example.com" },
      cron: "0 4 * * 1",
      timeZone: "Europe/Berlin",
      misfire: "skip",
      options: {
        queue: "default",
        priority: -5,
        maxRetries: 1,
        timeout: false,
        expires: "90s",
        tags: ["a", "b"],
      },
      backend: "default",
    });
  });

  test("makes a new one without --id, and changes the one with it", async () => {
    await using folder = projectFolder();
    const { id } = await json(folder, "create", "sendEmail", ...MAIL, "--cron", "0 4 * * *");
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const again = await json(folder, "create", "sendEmail", ...MAIL, "--cron", "0 5 * * *", "--id", id);
    expect(again).toMatchObject({ id, cron: "0 5 * * *", timeZone: "UTC", isPaused: false });
    expect((await json(folder, "list")).schedules).toHaveLength(1);
  });

  test("--paused waits to be resumed, and --backend keeps it elsewhere", async () => {
    await using folder = projectFolder();
    const { stdout } = await create(
      folder,
      ...["--cron", "0 4 * * *", "--id", "later", "--paused", "--backend", "bulk"],
    );
    expect(stdout).toBe("sendEmail later is Paused, 0 4 * * * in UTC.\n");
    expect((await json(folder, "list")).schedules).toEqual([]);
    const { schedules } = await json(folder, "list", "--backend", "bulk");
    expect(schedules).toMatchObject([{ id: "later", backend: "bulk", isPaused: true }]);
  });

  test("refuses what makes no schedule, with what would, and says nothing of the input", async () => {
    await using folder = projectFolder();
    const good = ["create", "sendEmail", ...MAIL, "--cron", "0 4 * * *"];
    const refused: readonly (readonly [readonly string[], string])[] = [
      [["create", "sendEmail", ...MAIL], "required option '--cron <rule>' not specified"],
      [["create", "sendEmial", "--cron", "0 4 * * *"], 'Did you mean "sendEmail"?'],
      [["create", "sendEmail", ...MAIL, "--cron", "0 25 * * *"], "its hour must be of 0 to 23"],
      [["create", "sendEmail", "--cron", "0 4 * * *", "--input", '{"to":5}'], "expected string"],
      [["create", "sendEmail", "--cron", "0 4 * * *", "--input", "{to:s3cret}"], "--input must be JSON"],
      [[...good, "--time-zone", "Europe/Bern"], "timeZone must be the IANA name of a zone"],
      [[...good, "--priority", "101"], "It must be a whole number from -100 to 100."],
      [[...good, "--timeout", "long"], "It must be seconds, or a duration"],
    ];
    await Promise.all(
      refused.map(async ([args, message]) => {
        const { code, stdout, stderr } = await folder.run(["schedules", ...args]);
        expect({ code, stdout }, args.join(" ")).toEqual({ code: 2, stdout: "" });
        expect(stderr).toContain(message);
        expect(stderr).not.toContain("s3cret");
      }),
    );
    expect((await json(folder, "list")).schedules).toEqual([]);
  });
});

describe.concurrent("schedules list", () => {
  test("prints rule, zone, next and last time and state, by id, and where to go on", async () => {
    await using folder = projectFolder();
    await using client = projectClient(folder);
    const input = { to: "ada@example.com" };
    const { create: make, pause } = client.schedules;
    await make({ task: "sendEmail", id: "b", input, cron: "0 4 * * *", timeZone: "Asia/Tokyo" });
    await make({ task: "billing.invoice", id: "c", input: { orderId: 1 }, cron: "*/5 * * * *" });
    await pause("c");
    await make({ task: "sendEmail", id: "a", input, cron: "0 0 1 1 *" });
    const { code, stdout, stderr } = await folder.run(["schedules", "list"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "));
    expect(lines).toEqual([
      "ID | TASK | CRON | ZONE | NEXT | LAST | STATE",
      expect.stringMatching(/^a \| sendEmail \| 0 0 1 1 \* \| UTC \| in \w+ \| - \| Active$/),
      expect.stringMatching(/^b \| sendEmail \| 0 4 \* \* \* \| Asia\/Tokyo \| in \w+ \| - \| Active$/),
      "c | billing.invoice | */5 * * * * | UTC | - | - | Paused",
      "",
    ]);
    const page = await folder.run(["schedules", "list", "--limit", "2"]);
    expect(page.stderr).toBe("There are more: add --cursor b\n");
    const rest = await folder.run(["schedules", "list", "--limit", "2", "--cursor", "b"]);
    expect([rest.stdout.split("\n").length, rest.stderr]).toEqual([3, ""]);
  });

  test("--json has everything but inputs, and --task only the task's", async () => {
    await using folder = projectFolder();
    await create(folder, "--cron", "0 4 * * *", "--id", "a");
    const page = await json(folder, "list", "--task", "sendEmail");
    expect(page).toMatchObject({ schedules: [{ id: "a", label: "Send an e-mail" }], nextCursor: null });
    expect(page.schedules[0]).not.toHaveProperty("input");
    expect(await json(folder, "list", "--task", "hold")).toEqual({ schedules: [], nextCursor: null });
  });

  test("says that there is none, and what was mistyped", async () => {
    await using folder = projectFolder();
    expect(await folder.run(["schedules", "list"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "No schedules.\n",
    });
    const { code, stderr } = await folder.run(["schedules", "list", "--task", "sendEmial"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Did you mean "sendEmail"?')]);
  });
});

describe.concurrent("schedules pause and resume", () => {
  test("say what became of it, and once more the same", async () => {
    await using folder = projectFolder();
    await create(folder, "--cron", "0 4 * * *", "--id", "a");
    const paused = "sendEmail a is Paused, 0 4 * * * in UTC.\n";
    expect((await folder.run(["schedules", "pause", "a"])).stdout).toBe(paused);
    expect((await folder.run(["schedules", "pause", "a"])).stdout).toBe(paused);
    expect(await json(folder, "pause", "a")).toMatchObject({ isPaused: true, nextRunAt: null });
    const resumed = await folder.run(["schedules", "resume", "a"]);
    expect(resumed.stdout).toMatch(
      /^sendEmail a is Active, 0 4 \* \* \* in UTC: next \S+ 04:00:00Z \(in \w+\)\.\n$/,
    );
    expect(await json(folder, "resume", "a")).toMatchObject({ isPaused: false, isResumed: true });
  });

  test("find it in any backend, and not where it is not", async () => {
    await using folder = projectFolder();
    await create(folder, "--cron", "0 4 * * *", "--id", "a", "--backend", "bulk");
    expect((await folder.run(["schedules", "pause", "a"])).code).toBe(0);
    const { code, stdout, stderr } = await folder.run(["schedules", "resume", "a", "--backend", "default"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("There is no schedule a: it was never created, or has been deleted.");
    expect(stderr).toContain("`taskwright schedules list` shows the ones there are.");
  });
});

describe.concurrent("schedules delete", () => {
  test("asks first, and deletes nothing without a yes", async () => {
    await using folder = projectFolder();
    await create(folder, "--cron", "0 4 * * *", "--id", "a");
    const { code, stdout, stderr } = await folder.run(["schedules", "delete", "a"], { stdin: "n\n" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("Delete the schedule sendEmail a? [y/N]");
    expect(stderr).toContain("Nothing was deleted. --no-input deletes without asking.");
    expect((await json(folder, "list")).schedules).toHaveLength(1);
  });

  test("deletes after a yes or with --no-input, and one that is not there is an error", async () => {
    await using folder = projectFolder();
    await create(folder, "--cron", "0 4 * * *", "--id", "a");
    await create(folder, "--cron", "0 4 * * *", "--id", "b");
    const answered = await folder.run(["schedules", "delete", "a"], { stdin: "y\n" });
    expect({ code: answered.code, stdout: answered.stdout }).toEqual({
      code: 0,
      stdout: "sendEmail a is deleted.\n",
    });
    expect(await json(folder, "delete", "b", "--no-input")).toEqual({ id: "b", deleted: true });
    expect((await json(folder, "list")).schedules).toEqual([]);
    const gone = await folder.run(["schedules", "delete", "b", "--no-input"]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("There is no schedule b");
  });
});
