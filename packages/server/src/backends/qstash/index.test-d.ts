import type { Duration } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type { Backend, Outbox } from "../../backend/index.ts";
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
  type QstashBackend,
  type QstashBackendOptions,
  type QstashFlowControl,
  type QstashMessageOptions,
  type QstashTask,
  qstashBackend,
} from "./index.ts";

interface Transaction {
  readonly query: (sql: string) => Promise<void>;
}
declare const store: Backend<Transaction>;
declare const outbox: Outbox;

// Everything can come from the environment.
expectTypeOf(qstashBackend()).toEqualTypeOf<QstashBackend<unknown>>();
expectTypeOf(qstashBackend({})).toExtend<Backend>();
// A store's transactions are the backend's.
expectTypeOf(qstashBackend({ store })).toEqualTypeOf<QstashBackend<Transaction>>();

qstashBackend({
  token: "token",
  baseUrl: "https://qstash.upstash.io",
  domain: "example.com",
  webhookPath: "/qstash/webhook/",
  forceHttps: false,
  currentSigningKey: "current",
  nextSigningKey: "next",
  outbox,
  retries: 5,
  maxDelay: "30d",
  maxTimeout: "2h",
  flowControl: { emails: { parallelism: 2 }, reports: { rate: 10, period: "1m" } },
  ordered: ["ledger"],
  message: ({ id, path, queue, priority, tags }) => ({
    labels: [id, path, queue, String(priority), ...tags],
    flowControl: { key: "tenant", rate: 1 },
    callback: "https://example.com/answered",
    failureCallback: "https://example.com/failed",
    retryDelay: "pow(2, retried) * 1000",
    redact: { body: true, header: ["Authorization"] },
    headers: { "X-Proxy": "1" },
  }),
  clockTolerance: "30s",
});
qstashBackend({ ordered: true, message: () => ({ redact: { header: true } }) });
// @ts-expect-error -- times have units
qstashBackend({ maxDelay: 7 });
// @ts-expect-error -- there is no such option
qstashBackend({ signingKey: "current" });
// @ts-expect-error -- a limit of nothing is none
qstashBackend({ flowControl: { emails: {} } });
// @ts-expect-error -- a period is one of a rate
expectTypeOf({ period: "1m" } as const).toExtend<QstashFlowControl>();
// @ts-expect-error -- a body is redacted, or not mentioned
qstashBackend({ message: () => ({ redact: { body: false } }) });
// @ts-expect-error -- a store is a backend
qstashBackend({ store: {} });

expectTypeOf<QstashBackendOptions["maxDelay"]>().toEqualTypeOf<Duration | undefined>();
expectTypeOf<QstashBackendOptions["message"]>().toEqualTypeOf<
  ((task: QstashTask) => QstashMessageOptions) | undefined
>();
expectTypeOf<QstashTask>().toEqualTypeOf<{
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
}>();

declare const backend: QstashBackend;
expectTypeOf(backend.getCallbackUrl()).toEqualTypeOf<string>();
expectTypeOf(backend.deadLetters).toEqualTypeOf<DeadLetters>();
expectTypeOf(backend.deadLetters.list).parameter(0).toEqualTypeOf<DeadLetterFilter | undefined>();
expectTypeOf(backend.deadLetters.list()).resolves.toEqualTypeOf<{
  readonly deadLetters: readonly DeadLetter[];
  readonly nextCursor: string | null;
}>();
expectTypeOf(backend.deadLetters.get("id")).resolves.toEqualTypeOf<DeadLetter | null>();
expectTypeOf(backend.deadLetters.redrive("id")).resolves.toEqualTypeOf<void>();
expectTypeOf(backend.deadLetters.delete("id")).resolves.toEqualTypeOf<boolean>();
expectTypeOf<DeadLetter["taskId"]>().toEqualTypeOf<string | null>();
declare const letter: DeadLetter;
// @ts-expect-error -- what is dead does not change
letter.status = 200;
