import { createHash } from "node:crypto";
import type { TaskServer } from "@taskwright/server";
import { createWebhookHandler } from "@taskwright/server/http";
import type { AsyncResult } from "@taskwright/shared";
import { expect } from "vitest";
import { signedRequest } from "../harness/signed-call.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import type { DeliveryBench } from "./delivery-bench.ts";
import type { ServerContract } from "./server-contract.ts";
import { endAs, storeIsAway, WEBHOOK_OUTCOMES, type WebhookOutcome } from "./webhook-outcomes.ts";

const LEASE_MS = 60_000;

/** The message of a task, taken from QStash before it is delivered. */
async function aMessage(bench: DeliveryBench, row: WebhookOutcome) {
  const { situation } = row;
  const server = bench.serve({
    handlers: {
      work: ({ input }) => {
        endAs(situation.handler ?? "returns");
        return input;
      },
    },
  });
  const result = await server.client.tasks.work.enqueue(
    { n: 1 },
    {
      maxRetries: situation.maxRetries ?? 3,
      ...(situation.before === "not due" ? { countdown: "5m" as const } : {}),
    },
  );
  const body = bench.local.qstash.messages()[0]?.body ?? bench.local.qstash.dlq()[0]?.body ?? "";
  return { server, result, body };
}

async function prepare(
  bench: DeliveryBench,
  row: WebhookOutcome,
  { server, result }: { readonly server: TaskServer<ServerContract>; readonly result: AsyncResult<unknown> },
): Promise<void> {
  const { before } = row.situation;
  if (before === "cancelled") await result.cancel();
  else if (before === "deleted") await server.executor.deleteTask(result.id);
  else if (before !== undefined && before !== "not due") {
    const now = await bench.storeTime();
    const tasks = [{ path: "work", lease: LEASE_MS }];
    const { leases } = bench.backend.delivery ?? {};
    const claim = { workerId: "another", tasks, queues: "all" as const, limit: 1, id: result.id, now };
    const [lease] = (await leases?.claim(claim))?.claimed ?? [];
    if (lease === undefined) throw new Error("It was not claimed.");
    const error = {
      type: "EXECUTION_ERROR",
      exceptionClass: "Error",
      message: "no luck",
      stack: null,
      attempt: 1,
      workerId: "another",
      at: new Date(now).toISOString(),
    } as const;
    if (before === "ended well")
      await leases?.settle({
        items: [{ lease, settlement: { status: "SUCCESSFUL", output: '{"n":1}' } }],
        now,
      });
    else if (before === "ended badly")
      await leases?.settle({
        items: [{ lease, settlement: { status: "FAILED", error, started: true } }],
        now,
      });
  }
}

/** The call that a row says, of a task's message. */
function callOf({ situation: { call } }: WebhookOutcome, body: string): Request {
  if (call === "wrong key") return signedRequest(body, { key: "sig_guess" });
  if (call === "no message") return signedRequest('{"hello":"world"}');
  if (call === "newer version") return signedRequest(body.replace('"v":1', '"v":2'));
  if (call === "another path") return signedRequest(body.replace('"path":"work"', '"path":"gone"'));
  if (call === "last delivery") return signedRequest(body, { headers: { "upstash-retried": "3" } });
  if (call !== "given up") return signedRequest(body);
  return signedRequest(
    JSON.stringify({
      sourceMessageId: `msg_${createHash("sha256").update(body).digest("hex")}`,
      sourceBody: Buffer.from(body).toString("base64"),
      status: 500,
      retried: 3,
      dlqId: "dlq_1",
    }),
  );
}

/** Every row of the table of the webhook's outcomes. */
export const serverWebhookOutcomesSection: ConformanceSection<DeliveryBench> = {
  title: "servers: what the webhook answers",
  rows: ["delivery"],
  cases: WEBHOOK_OUTCOMES.map((row) => ({
    name: `${row.status}: ${row.happened}`,
    needs: ["delivery", "results"],
    run: async (bench) => {
      // Deliveries of QStash's own wait; the row's is made by hand.
      bench.local.platform = () => new Promise<never>(() => {});
      const made = await aMessage(bench, row);
      await prepare(bench, row, made);
      const webhook = createWebhookHandler(made.server);
      if (row.situation.store === "away") bench.local.beforeStore = storeIsAway;
      const response = await webhook(callOf(row, made.body));
      bench.local.beforeStore = () => {};
      expect({
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        isNonRetryable: response.headers.get("upstash-nonretryable-error") === "true",
      }).toEqual({
        status: row.status,
        retryAfter: row.retryAfter === null ? null : String(row.retryAfter),
        isNonRetryable: row.isNonRetryable,
      });
      const [record] = await bench.backend.store.get({ ids: [made.result.id] });
      expect(record?.status ?? null).toBe(row.state);
      if (row.situation.call === "given up" && row.state === "FAILED")
        expect(record?.errors.at(-1)?.message).toContain("dlq_1");
    },
  })),
};
