import { createTaskServer, type TaskServer } from "@taskwright/server";
import { createWebhookHandler, type WebhookHandler, type WebhookOptions } from "@taskwright/server/http";
import type { OpenedStore } from "./exercise.ts";
import { type LocalQstash, localQstashOf } from "./local-qstash.ts";
import { type ServerContract, tasks } from "./server-contract.ts";
import { type ServerChoice, ServerUnderTest } from "./server-under-test.ts";

const STEP_MS = 1_000;

/** An answer of a webhook, as far as QStash goes by it. */
export interface WebhookAnswer {
  readonly status: number;
  readonly retryAfter: number | null;
  readonly isNonRetryable: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Servers whose tasks a local QStash delivers; its clock stands still with the host's. */
export class DeliveryBench extends ServerUnderTest {
  readonly local: LocalQstash;
  /** What webhooks answered, oldest first. */
  readonly answers: WebhookAnswer[] = [];
  /** The deliveries that came, oldest first, as they came. */
  readonly requests: Request[] = [];

  constructor(store: OpenedStore) {
    super(store);
    this.local = localQstashOf(store.context);
  }

  /** Makes a server, and a webhook of it that gets all deliveries from now on. */
  deploy(choice: ServerChoice & { readonly webhook?: WebhookOptions } = {}): TaskServer<ServerContract> {
    const { webhook, ...server } = choice;
    const served = this.serve(server);
    this.connect(createWebhookHandler(served, webhook));
    return served;
  }

  /** As {@link deploy}, of a server that has a handler for the task `silent` and for no other. */
  deploySilent() {
    const served = createTaskServer({
      tasks,
      backends: { default: this.backend },
      only: ["silent"],
      handlers: { silent: () => {} },
      logger: this.logger(),
      host: this.host,
    });
    this.connect(createWebhookHandler(served));
    return served;
  }

  /** Sends deliveries to a handler, and notes its answers. */
  connect(handler: WebhookHandler): void {
    this.local.platform = async (request) => {
      this.requests.push(request.clone());
      const response = await handler(request);
      await this.#note(response.clone());
      return response;
    };
  }

  /** Lets the host start all deliveries, and answer the first ones by itself: with these statuses, null for the handler's. */
  answerInstead(statuses: readonly (number | null)[]): void {
    const { platform } = this.local;
    let deliveries = 0;
    this.local.platform = async (request) => {
      const status = statuses[deliveries++] ?? null;
      const answer = platform(request);
      return status === null ? answer : new Response(null, { status });
    };
  }

  /** Moves both clocks, the host's a little ahead, so that nothing is delivered early. */
  async advance(ms: number, stepMs: number = STEP_MS): Promise<void> {
    const { qstash } = this.local;
    await qstash.settle();
    for (let moved = 0; moved < ms; moved += stepMs) {
      const step = Math.min(stepMs, ms - moved);
      await this.host.advance(step);
      await qstash.advance(`${step}ms`);
    }
    await this.host.settle();
  }

  /** Waits until nothing is on its way any more. */
  async settle(): Promise<void> {
    await this.local.qstash.settle();
    await this.host.settle();
  }

  /** The bodies of the messages that wait. */
  get bodies(): readonly string[] {
    return this.local.qstash.messages().map(({ body }) => body);
  }

  async #note(response: Response): Promise<void> {
    const text = await response.text();
    const retryAfter = response.headers.get("retry-after");
    this.answers.push({
      status: response.status,
      retryAfter: retryAfter === null ? null : Number(retryAfter),
      isNonRetryable: response.headers.get("upstash-nonretryable-error") === "true",
      body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    });
  }
}
