import { initTasks } from "@taskwright/shared";
import { expect, it, onTestFinished } from "vitest";
import type { Backend } from "../backend/index.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createWorker } from "../worker/index.ts";
import { leaseMsOf } from "./runnable-tasks.ts";

const t = initTasks.create();
const tasks = t.router({ plain: t.task, own: t.task.options({ lease: "90s" }) });

type Asked = { readonly path: string; readonly lease: number };

/** A backend with a lease of its own, and what it is asked for. */
function leasing(defaultLeaseMs: number): {
  readonly backend: Backend;
  readonly asked: Asked[];
  readonly renewed: Promise<number>;
} {
  const memory = memoryBackend();
  const { leases } = memory;
  if (leases === undefined) throw new Error("The memory backend has leases.");
  const asked: Asked[] = [];
  const renewed = Promise.withResolvers<number>();
  const backend: Backend = {
    ...memory,
    defaultLeaseMs,
    leases: {
      ...leases,
      claim: (request) => {
        asked.push(...request.tasks);
        return leases.claim(request);
      },
      renew: (request) => {
        const [item] = request.items;
        if (item !== undefined) renewed.resolve(item.duration);
        return leases.renew(request);
      },
    },
  };
  return { backend, asked, renewed: renewed.promise };
}

function serve(backend: Backend, handle: () => Promise<void> = async () => {}) {
  const server = createTaskServer({ tasks, backend, handlers: { plain: handle, own: handle } });
  onTestFinished(() => server.close());
  return server;
}

it("a backend's lease is that of tasks that set none of their own, for a worker's claims and renewals", async () => {
  const { backend, asked, renewed } = leasing(1_500);
  const lasts = Promise.withResolvers<void>();
  const server = serve(backend, () => lasts.promise);
  const worker = createWorker(server);
  await worker.start();
  await server.client.tasks.plain.delay();
  expect(await renewed).toBe(1_500);
  lasts.resolve();
  await worker.stop();
  expect(asked).toContainEqual({ path: "plain", lease: 1_500 });
  expect(asked).toContainEqual({ path: "own", lease: 90_000 });
});

it("a backend's lease is that of the executor's claims and renewals too", async () => {
  const { backend, asked, renewed } = leasing(1_500);
  const server = serve(backend, async () => void (await renewed));
  const { id } = await server.client.tasks.plain.delay();
  expect(await server.executor.runTaskById(id)).toMatchObject({ status: "SUCCESSFUL" });
  expect(await renewed).toBe(1_500);
  expect(asked).toContainEqual({ path: "plain", lease: 1_500 });
});

it("without one it is 60 s, and a router's default holds over a backend's", async () => {
  const plainBackend = serve(memoryBackend())["~engine"];
  expect(leaseMsOf(plainBackend.task("plain"), plainBackend.backend("default"))).toBe(60_000);
  const t30 = initTasks.create({ defaults: { lease: "30s" } });
  const server = createTaskServer({
    tasks: t30.router({ plain: t30.task }),
    backend: leasing(1_500).backend,
    handlers: { plain: async () => {} },
  });
  onTestFinished(() => server.close());
  const engine = server["~engine"];
  expect(leaseMsOf(engine.task("plain"), engine.backend("default"))).toBe(30_000);
});
