import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TaskError } from "@taskwright/shared";
import { describe, expect, it } from "vitest";
import {
  type Endpoint,
  type EndpointAnswer,
  startEndpoint,
} from "../../../../test/harness/qstash-endpoint.ts";
import type { DeliveryReport } from "./index.ts";
import { type QstashDev, type QstashDevOptions, startQstashDev } from "./start-qstash-dev.ts";

/** A file in a folder of its own, which goes with it. */
function stateFile(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "taskwright-qstash-"));
  return {
    path: join(folder, "qstash.db"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A server that tells when attempts have ended. */
async function started(options: QstashDevOptions = {}) {
  const reports: DeliveryReport[] = [];
  const waiting = new Set<() => void>();
  const server = await startQstashDev({
    port: 0,
    ...options,
    log: (report) => {
      reports.push(report);
      for (const check of waiting) check();
    },
  });
  const reported = (count: number) =>
    new Promise<readonly DeliveryReport[]>((resolve) => {
      const check = () => {
        if (reports.length >= count) resolve(reports);
      };
      waiting.add(check);
      check();
    });
  return { server, reports, reported, [Symbol.asyncDispose]: () => server.close() };
}

async function call(
  { url, token }: QstashDev,
  request: string,
  init: RequestInit & { duplex?: "half" } = {},
) {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(`${url}${path}`, {
    method,
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });
  return { status: response.status, body: await response.json() };
}

async function refusal(promise: Promise<unknown>): Promise<TaskError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TaskError) return error;
  throw new Error(`No TaskError: ${String(error)}`);
}

describe("state in a file", () => {
  it("outlives the server: what is pending goes on, and what was delivered is not sent again", async () => {
    using file = stateFile();
    const pausing = Promise.withResolvers<void>();
    await using endpoint: Endpoint = await startEndpoint(async ({ url }) => {
      // Only the next server finds the queue open again for the second one's retry.
      if (url !== "/second" || endpoint.received.filter((one) => one.url === url).length > 1) return {};
      await pausing.promise;
      return { status: 500, headers: { "retry-after": "0" } };
    });
    let ids: readonly string[];
    {
      await using first = await started({ file: file.path });
      const { server } = first;
      const publish = (path: string, headers: Record<string, string> = {}) =>
        call(server, `POST /v2/enqueue/line/${endpoint.url}${path}`, { headers, body: path });
      const answers = [
        await publish("/first"),
        await publish("/second"),
        await publish("/third", { "upstash-deduplication-id": "third" }),
      ];
      ids = answers.map(({ body }) => body.messageId);
      await call(server, "POST /v2/topics/group/endpoints", {
        body: '{"endpoints":[{"url":"http://a.example"}]}',
      });
      await call(server, "POST /v2/keys/rotate");
      await call(server, "POST /v2/schedules/http://a.example", {
        headers: { "upstash-cron": "0 0 1 1 *", "upstash-schedule-id": "yearly" },
      });
      await call(server, "POST /v2/publish/http://127.0.0.1:1/dead", { headers: { "upstash-retries": "0" } });
      await endpoint.request(({ url }) => url === "/second");
      await call(server, "POST /v2/queues/line/pause");
      pausing.resolve();
      await first.reported(3);
      expect(endpoint.received.map(({ url }) => url)).toEqual(["/first", "/second"]);
    }
    await using second = await started({ file: file.path });
    const { server } = second;
    const again = await call(server, `POST /v2/publish/${endpoint.url}/third`, {
      headers: { "upstash-deduplication-id": "third" },
    });
    expect(again).toMatchObject({ status: 202, body: { messageId: ids[2] } });
    await call(server, "POST /v2/queues/line/resume");
    await second.reported(2);
    expect(endpoint.received.map(({ url }) => url)).toEqual(["/first", "/second", "/second", "/third"]);
    const retried = endpoint.received.map(({ headers }) => headers["upstash-retried"]);
    expect(retried).toEqual(["0", "0", "1", "0"]);
    expect((await call(server, "GET /v2/topics/group")).body.endpoints).toHaveLength(1);
    expect((await call(server, "GET /v2/schedules/yearly")).body.cron).toBe("0 0 1 1 *");
    expect((await call(server, "GET /v2/dlq")).body.messages).toHaveLength(1);
    expect(server.currentSigningKey).toBe("sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs");
    const { events } = (await call(server, `GET /v2/events?messageId=${ids[1]}&order=earliestFirst`)).body;
    expect(events.map(({ state }: { state: string }) => state)).toEqual([
      "CREATED",
      "ACTIVE",
      "ERROR",
      "RETRY",
      "ACTIVE",
      "DELIVERED",
    ]);
  });

  it("has a delivery that was on its way at the end sent again", async () => {
    using file = stateFile();
    const never = new Promise<EndpointAnswer>(() => {});
    await using endpoint = await startEndpoint((_, index) => (index === 0 ? never : {}));
    {
      await using first = await started({ file: file.path });
      await call(first.server, `POST /v2/publish/${endpoint.url}/hook`);
      await endpoint.request(() => true);
    }
    await using second = await started({ file: file.path });
    expect(await second.reported(1)).toMatchObject([{ attempt: 1, status: 200, outcome: "delivered" }]);
  });

  it("belongs to one server at a time", async () => {
    using file = stateFile();
    await using first = await started({ file: file.path });
    expect((await refusal(started({ file: file.path }))).message).toMatch(/another program has it open/);
    expect((await call(first.server, "GET /v2/queues")).status).toBe(200);
  });

  it.each<[string, (path: string) => void, string, string]>([
    [
      "no database",
      (path) => writeFileSync(path, "x".repeat(5_000)),
      "BACKEND_UNAVAILABLE",
      "not a SQLite database",
    ],
    [
      "another program's database",
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("CREATE TABLE mine (id)");
        db.close();
      },
      "BACKEND_INCOMPATIBLE",
      "holds something else",
    ],
    [
      "a newer version's",
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("PRAGMA user_version = 2");
        db.close();
      },
      "BACKEND_INCOMPATIBLE",
      "nothing was changed",
    ],
  ])("is refused where the file is %s", async (_what, write, code, message) => {
    using file = stateFile();
    write(file.path);
    const error = await refusal(started({ file: file.path }));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("is refused where there is no folder for it", async () => {
    using file = stateFile();
    const error = await refusal(started({ file: join(file.path, "deeper", "qstash.db") }));
    expect(error.message).toMatch(/does its folder exist/);
  });
});

describe("the socket", () => {
  it("that another program has is an error that says so, and the file is free again", async () => {
    using file = stateFile();
    await using first = await started();
    const port = Number(new URL(first.server.url).port);
    const error = await refusal(started({ port, file: file.path }));
    expect(error).toMatchObject({
      code: "INVALID_OPTION",
      message: `qstash-dev cannot listen on port ${port} of 127.0.0.1: another program listens there; end it, or choose another port.`,
    });
    await using second = await started({ file: file.path });
    expect(second.server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("answers 413 to a body that is too long before it has come, and to others after that", async () => {
    await using one = await started({ limits: { messageBytes: 1_000 } });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 10_000;
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const path = "POST /v2/publish/http://127.0.0.1:1/hook";
    const answer = await call(one.server, path, { body: endless, duplex: "half" }).catch(
      (error: unknown) => error,
    );
    // The connection may break before the answer is read, as it is closed while the body still comes.
    if (!(answer instanceof Error)) expect(answer).toMatchObject({ status: 413 });
    expect(sent).toBeLessThan(50_000_000);
    expect((await call(one.server, path, { body: "x".repeat(1_001) })).status).toBe(413);
    expect(
      (await call(one.server, path, { body: "x".repeat(1_000), headers: { "upstash-delay": "1h" } })).status,
    ).toBe(200);
  });

  it("does not wait for a request that does not come to its end", async () => {
    await using one = await started({ requestTimeout: "100ms" });
    const { hostname, port } = new URL(one.server.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v2/publish/http://127.0.0.1:1/hook HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${one.server.token}\r\nContent-Length: 10\r\n\r\nslow`,
    );
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^(HTTP\/1\.1 408|$)/);
    expect((await call(one.server, "GET /v2/events")).body.events).toEqual([]);
  });

  it("takes the destination as it was written, dots and slashes and all", async () => {
    await using endpoint = await startEndpoint();
    await using one = await started();
    const { hostname, port } = new URL(one.server.url);
    const socket = connect(Number(port), hostname);
    const destination = `${endpoint.url}/a//b/?x=/../y&z=%2e%2E`;
    socket.end(
      `POST /v2/publish/${destination} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${one.server.token}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(Buffer.concat(await socket.toArray()).toString()).toContain(JSON.stringify(destination));
    await one.reported(1);
    expect(endpoint.received).toMatchObject([{ url: "/a//b/?x=/../y&z=%2e%2E" }]);
  });

  it("answers no request that names another host, as a page's own name that points here", async () => {
    await using one = await started();
    const { hostname, port } = new URL(one.server.url);
    for (const [host, status] of [
      ["evil.example", 403],
      [`evil.example:${port}`, 403],
      ["localhost", 200],
      [`app.localhost:${port}`, 200],
      [`[::1]:${port}`, 200],
    ]) {
      const socket = connect(Number(port), hostname);
      socket.end(
        `GET /v2/keys HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${one.server.token}\r\nConnection: close\r\n\r\n`,
      );
      const answer = Buffer.concat(await socket.toArray()).toString();
      expect([host, Number(answer.slice(9, 12))]).toEqual([host, status]);
    }
  });

  it("closes with deliveries on their way, and twice", async () => {
    await using endpoint = await startEndpoint(() => new Promise(() => {}));
    const one = await started();
    await call(one.server, `POST /v2/publish/${endpoint.url}/hook`);
    await endpoint.request(() => true);
    await Promise.all([one.server.close(), one.server.close()]);
    await one.server.close();
    expect(one.reports).toEqual([]);
    await expect(call(one.server, "GET /v2/keys")).rejects.toThrow(/fetch failed/);
  });
});

describe("an option that cannot be meant", () => {
  it.each<[string, object, string]>([
    ["port", { port: 70_000 }, "a whole number from 0 to 65535"],
    ["token", { token: "two words" }, "printable ASCII"],
    ["keys", { keys: { current: "a", next: "" } }, "{ current, next }"],
    ["limits.retries", { limits: { retries: "many" } }, "a number of 0 or more"],
    ["limits.messageByte", { limits: { messageByte: 1 } }, 'Did you mean "messageBytes"?'],
    ["requestTimeout", { requestTimeout: "soon" }, "a duration"],
  ])("%s", async (option, options, message) => {
    const error = await refusal(startQstashDev({ port: 0, ...options }));
    expect(error).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining(message) });
    expect(error.message).toContain(option.split(".")[0]);
  });
});
