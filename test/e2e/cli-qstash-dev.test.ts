import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { startEndpoint } from "../harness/qstash-endpoint.ts";
import { type CliFolder, type CliProcess, cliFolder } from "./fixtures/cli/cli-process.ts";

/** A server, and the environment that it printed. */
async function startServer(folder: CliFolder, args: readonly string[] = []) {
  const command: CliProcess = folder.start(["qstash-dev", "--port", "0", ...args]);
  await command.said("QSTASH_NEXT_SIGNING_KEY=");
  const printed = command.output();
  const env = Object.fromEntries(
    [...printed.matchAll(/^(QSTASH_\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
  );
  const publish = async (url: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${env.QSTASH_URL}/v2/publish/${url}`, {
      method: "POST",
      headers: { authorization: `Bearer ${env.QSTASH_TOKEN}`, ...headers },
      body: "{}",
    });
    expect(response.status).toBe(200);
  };
  return { command, env, publish };
}

describe.concurrent("qstash-dev", () => {
  test("needs no config, prints what to paste and a line per delivery, and ends at SIGINT", async () => {
    await using folder = cliFolder();
    await using endpoint = await startEndpoint(({ url }) => ({ status: url.startsWith("/bad") ? 500 : 200 }));
    const { command, env, publish } = await startServer(folder);
    expect(env).toMatchObject({
      QSTASH_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      QSTASH_CURRENT_SIGNING_KEY: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
      QSTASH_NEXT_SIGNING_KEY: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    });
    await publish(`${endpoint.url}/hook?a=1`);
    await publish(`${endpoint.url}/hook`, { "upstash-label": "sendEmail\u00a0" });
    await publish(`${endpoint.url}/bad`);
    await publish(`${endpoint.url}/bad/once`, { "upstash-retries": "0" });
    await publish("http://127.0.0.1:1/nobody");
    for (const line of [
      "/hook\n",
      "sendEmail",
      "/bad  1 of 4, next in 12s",
      "/bad/once  given up",
      "ECONNREFUSED",
    ]) {
      await command.said(line);
    }
    command.signal("SIGINT");
    const { code, stdout, stderr } = await command.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}200 +\d+m?s {2}\/hook$/m);
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d {2}--- +\d+m?s {2}\/nobody {2}1 of 4, next in 12s, ECONNREFUSED 127\.0\.0\.1:1$/m,
    );
    expect(stdout).toMatch(/SIGINT: stopped; delivered 2 messages\.\n$/);
    expect(stdout).not.toContain("\u001b");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("keeps its state in a file, and says nothing of deliveries with --quiet", async () => {
    await using folder = cliFolder();
    await using endpoint = await startEndpoint();
    const first = await startServer(folder, ["--file", "qstash.db", "--quiet"]);
    await first.publish(`${endpoint.url}/now`);
    await endpoint.request(({ url }) => url === "/now");
    await first.publish(`${endpoint.url}/later`, {
      "upstash-not-before": String(Math.ceil(Date.now() / 1_000) + 1),
    });
    // Not asked to end, as in a crash: all that was answered is in the file.
    first.command.signal("SIGKILL");
    expect((await first.command.ended).stdout).not.toContain("/now");
    const second = await startServer(folder, ["--file", "qstash.db"]);
    await second.command.said("/later");
    second.command.signal("SIGTERM");
    expect((await second.command.ended).code).toBe(0);
    expect(endpoint.received.map(({ url }) => url)).toEqual(["/now", "/later"]);
  });

  test("says who has the port, and which options there are", async () => {
    await using folder = cliFolder();
    const { env } = await startServer(folder);
    const port = new URL(env.QSTASH_URL ?? "").port;
    const taken = await folder.run(["qstash-dev", "--port", port]);
    expect(taken).toMatchObject({ code: 2, stdout: "" });
    expect(taken.stderr).toBe(
      `Error: qstash-dev cannot listen on port ${port} of 127.0.0.1: another program listens there; end it, or choose another port.\n`,
    );
    const wrong = await folder.run(["qstash-dev", "--port", "70000"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("from 0 to 65535") });
  });
});
