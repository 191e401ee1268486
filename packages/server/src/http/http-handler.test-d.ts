import { initTasks } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createMetrics } from "../metrics/index.ts";
import {
  type CrossOriginOptions,
  createHttpHandler,
  type HttpAuth,
  type HttpAuthFacts,
  type HttpAuthFunction,
  type HttpAuthRule,
  type HttpHandler,
  type HttpHandlerOptions,
  type HttpPermission,
  type MetricsSource,
} from "./index.ts";

const t = initTasks.create();
const server = createTaskServer({
  tasks: t.router({ work: t.task }),
  backend: memoryBackend(),
  handlers: { work: () => {} },
});

expectTypeOf(createHttpHandler(server, { auth: "none" })).toEqualTypeOf<HttpHandler>();
expectTypeOf<HttpHandler>().toEqualTypeOf<(request: Request) => Promise<Response>>();

createHttpHandler(server, { auth: { bearer: "a token of many letters" }, basePath: "/jobs" });
createHttpHandler(server, { auth: { bearer: ["one", "another"] }, cors: { origin: "https://example.com" } });
createHttpHandler(server, { auth: (request) => request.headers.has("x-internal") });
createHttpHandler(server, {
  auth: { default: { bearer: "a token of many letters" }, health: "none", purge: async () => false },
  metrics: createMetrics(server),
  trpc: () => new Response(),
  webhook: { maxDuration: "60s" },
});

// @ts-expect-error Nothing is open by accident.
createHttpHandler(server, {});
// @ts-expect-error It is "none", in words that nobody writes by accident.
createHttpHandler(server, { auth: false });
// @ts-expect-error Rules by permission need one for all the others.
createHttpHandler(server, { auth: { health: "none" } });
// @ts-expect-error There is no such permission.
createHttpHandler(server, { auth: { default: "none", delete: "none" } });
// @ts-expect-error What decides says so: a forgotten return would let everybody in.
createHttpHandler(server, { auth: () => {} });
// @ts-expect-error Nobody is no admin.
createHttpHandler(server, { auth: async () => (undefined as { isAdmin: boolean } | undefined)?.isAdmin });
// @ts-expect-error Cookies are sent or not.
createHttpHandler(server, { auth: "none", cors: { origin: "https://example.com", credentials: "include" } });
// @ts-expect-error There is no such option.
createHttpHandler(server, { auth: "none", path: "/tasks" });
// @ts-expect-error A token from the environment may be missing.
createHttpHandler(server, { auth: { bearer: process.env.TOKEN } });

expectTypeOf<HttpPermission>().toEqualTypeOf<
  "run" | "execute" | "status" | "purge" | "health" | "metrics" | "trpc"
>();
expectTypeOf<HttpAuthFacts>().toEqualTypeOf<{
  readonly permission: HttpPermission;
  readonly taskId: string | null;
}>();
expectTypeOf<HttpAuthFunction>().parameters.toEqualTypeOf<[request: Request, facts: HttpAuthFacts]>();
expectTypeOf<"none">().toExtend<HttpAuthRule>();
expectTypeOf<HttpAuthRule>().toExtend<HttpAuth>();
expectTypeOf<HttpHandlerOptions["auth"]>().toEqualTypeOf<HttpAuth>();
expectTypeOf<HttpHandlerOptions["cors"]>().toEqualTypeOf<CrossOriginOptions | undefined>();
expectTypeOf<CrossOriginOptions["origin"]>().toEqualTypeOf<string | readonly string[]>();
expectTypeOf<CrossOriginOptions["credentials"]>().toEqualTypeOf<boolean | undefined>();
expectTypeOf<ReturnType<HttpAuthFunction>>().toEqualTypeOf<
  boolean | Response | Promise<boolean | Response>
>();
expectTypeOf<HttpHandlerOptions["metrics"]>().toEqualTypeOf<MetricsSource | undefined>();
expectTypeOf<MetricsSource["text"]>().returns.resolves.toBeString();
