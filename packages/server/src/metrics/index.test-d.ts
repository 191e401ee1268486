import { initTasks } from "@taskwright/shared";
import { Registry } from "prom-client";
import { expectTypeOf } from "vitest";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createMetrics, type Metrics, type MetricsOptions } from "./index.ts";

const t = initTasks.create();
const server = createTaskServer({
  tasks: t.router({ work: t.task }),
  backend: memoryBackend(),
  handlers: { work: () => {} },
});

expectTypeOf(createMetrics(server)).toEqualTypeOf<Metrics>();
createMetrics(server, { register: new Registry(), prefix: "app_tasks", buckets: [0.1, 1, 10] });
expectTypeOf<Metrics["text"]>().toEqualTypeOf<() => Promise<string>>();
expectTypeOf<MetricsOptions["buckets"]>().toEqualTypeOf<readonly number[] | undefined>();

expectTypeOf<Metrics["close"]>().toEqualTypeOf<() => void>();
// @ts-expect-error Buckets are numbers of seconds.
createMetrics(server, { buckets: ["1s"] });
// @ts-expect-error There is no such option.
createMetrics(server, { path: "/metrics" });
// @ts-expect-error It counts what a server tells.
createMetrics(t.router({ work: t.task }));
