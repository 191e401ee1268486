import { checkOptionNames, TaskError } from "@taskwright/shared";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Executor } from "../core/executor.ts";
import type { TaskEvent, TaskEvents } from "../core/task-events.ts";
import type { AnyTaskServer } from "../create-task-server.ts";
import { backendNumbers, COUNT_UP_TO } from "./backend-numbers.ts";
import { BoundedLabels } from "./bounded-labels.ts";
import { RunningAttempts } from "./running-attempts.ts";

/** What {@link createMetrics} takes. */
export interface MetricsOptions {
  /** Where the metrics are kept, for a program that has others. @default a new one */
  readonly register?: Registry;
  /** What all names begin with. @default "taskwright" */
  readonly prefix?: string;
  /** The upper bounds of the buckets of durations, in seconds. @default 0.005 to 900 */
  readonly buckets?: readonly number[];
}

/** Counts what happens to task results in this process, for Prometheus. */
export interface Metrics {
  readonly register: Registry;
  /** The type of {@link text}, with its version. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format, with the numbers of the queues as the backends have them now. */
  text(): Promise<string>;
  /** Stops counting, and takes the metrics out of the register. */
  close(): void;
}

/** A server as metrics use it. */
type CountedServer = AnyTaskServer & { readonly events: TaskEvents; readonly executor: Executor };

const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900] as const;
const TASK_LABELS = ["task", "queue", "backend"] as const;
const STATES = ["pending", "delayed", "running", "successful", "failed", "cancelled"] as const;

function invalid(option: keyof MetricsOptions, message: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `createMetrics(): ${message}`,
    data: { option },
  });
}

function checkOptions({ register, prefix, buckets }: MetricsOptions): void {
  if (register !== undefined && typeof (register as Partial<Registry> | null)?.registerMetric !== "function")
    throw invalid("register", "register must be a Registry of prom-client.");
  if (prefix !== undefined && !(typeof prefix === "string" && /^[a-zA-Z_]\w*$/.test(prefix)))
    throw invalid("prefix", 'prefix must be letters, digits and underscores, such as "app_tasks".');
  const isRising =
    buckets === undefined ||
    (Array.isArray(buckets) &&
      buckets.every((bound, index) => Number.isFinite(bound) && bound > (buckets[index - 1] ?? 0)));
  if (!isRising) throw invalid("buckets", "buckets must be an array of seconds above 0, in rising order.");
}

/** Makes metrics of one server in a register, which no other has there under the same names. */
class Instruments {
  readonly #register: Registry;
  readonly #prefix: string;
  readonly #names: string[] = [];

  constructor(register: Registry, prefix: string) {
    this.#register = register;
    this.#prefix = prefix;
  }

  /** What every kind of metric is made of. */
  parts<const TLabel extends string>(
    name: string,
    help: string,
    labelNames: readonly TLabel[],
  ): { name: string; help: string; labelNames: TLabel[]; registers: Registry[] } {
    const whole = `${this.#prefix}_${name}`;
    if (this.#register.getSingleMetric(whole) !== undefined) {
      this.remove();
      throw invalid(
        "register",
        `register has ${whole} already: close() the metrics that made it, or give another prefix.`,
      );
    }
    this.#names.push(whole);
    return { name: whole, help, labelNames: [...labelNames], registers: [this.#register] };
  }

  remove(): void {
    for (const name of this.#names.splice(0)) this.#register.removeSingleMetric(name);
  }
}

/**
 * Makes metrics of a server, and counts from now on; needs the package `prom-client`.
 *
 * There are as many labels as the contract has tasks and queues; what else there is in a store is "(other)". Throws
 * INVALID_OPTION.
 */
export function createMetrics(server: CountedServer, options: MetricsOptions = {}): Metrics {
  checkOptionNames(options, "createMetrics()", ["register", "prefix", "buckets"]);
  checkOptions(options);
  const { register = new Registry(), prefix = "taskwright", buckets = BUCKETS } = options;
  const made = new Instruments(register, prefix);
  const enqueued = new Counter(
    made.parts("enqueued_total", "Task results stored by this process, by whether they were one too many.", [
      ...TASK_LABELS,
      "deduplicated",
    ]),
  );
  const started = new Counter(
    made.parts("attempts_started_total", "Attempts begun by this process.", TASK_LABELS),
  );
  const duration = new Histogram({
    ...made.parts("attempt_duration_seconds", "How long attempts of this process took, by outcome.", [
      ...TASK_LABELS,
      "outcome",
    ]),
    buckets: [...buckets],
  });
  const finished = new Counter(
    made.parts("finished_total", "Task results that ended in this process, by status.", [
      ...TASK_LABELS,
      "status",
    ]),
  );
  const running = new Gauge(
    made.parts("attempts_running", "Attempts that run in this process.", TASK_LABELS),
  );
  const engine = server["~engine"];
  const labels = new BoundedLabels(engine);
  const numbers = backendNumbers(engine, server.executor);
  new Gauge({
    ...made.parts(
      "task_results",
      `Task results by state, as the backends have them; ${COUNT_UP_TO} means that many or more.`,
      ["queue", "backend", "state"],
    ),
    async collect() {
      const { stats } = await numbers();
      this.reset();
      for (const { queue, backend, ...counts } of stats) {
        for (const state of STATES) this.inc({ queue: labels.queue(queue), backend, state }, counts[state]);
      }
    },
  });
  new Gauge({
    ...made.parts("backend_up", "1 where the backend has answered this scrape, else 0.", ["backend"]),
    async collect() {
      const { answered } = await numbers();
      this.reset();
      for (const [backend, hasAnswered] of answered) this.set({ backend }, hasAnswered ? 1 : 0);
    },
  });

  const labelsOf = ({ path, queue, backend }: TaskEvent) => ({
    task: labels.task(path),
    queue: labels.queue(queue),
    backend,
  });
  const attempts = new RunningAttempts<ReturnType<typeof labelsOf>>();
  const end = (id: string, attempt: number, outcome: string) => {
    const ended = attempts.end(id, attempt);
    if (ended === undefined) return;
    running.dec(ended.labels);
    duration.observe({ ...ended.labels, outcome }, ended.seconds);
  };
  const { events } = server;
  const stops = [
    events.on("enqueued", (event) =>
      enqueued.inc({ ...labelsOf(event), deduplicated: String(event.deduplicated) }),
    ),
    events.on("started", (event) => {
      const forgotten = attempts.begin(event.id, event.attempt, labelsOf(event));
      if (forgotten !== undefined) running.dec(forgotten.labels);
      started.inc(labelsOf(event));
      running.inc(labelsOf(event));
    }),
    events.on("succeeded", ({ id, attempt }) => end(id, attempt, "succeeded")),
    events.on("retrying", ({ id, attempt }) => end(id, attempt, "retrying")),
    events.on("failed", ({ id, attempt }) => end(id, attempt, "failed")),
    events.on("leaseLost", ({ id, attempt }) => end(id, attempt, "lease-lost")),
    events.on("released", ({ id, attempt }) => end(id, attempt, "released")),
    // It does not say which attempt: it is also what happens to those that have none.
    events.on("cancelled", ({ id }) => end(id, attempts.attemptOf(id) ?? 0, "cancelled")),
    events.on("finished", (event) => finished.inc({ ...labelsOf(event), status: event.status })),
  ];
  return {
    register,
    contentType: register.contentType,
    text: () => register.metrics(),
    close: () => {
      for (const stop of stops) stop();
      made.remove();
    },
  };
}
