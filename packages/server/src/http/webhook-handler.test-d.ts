import type { Duration } from "@taskwright/shared";
import { expectTypeOf } from "vitest";
import type { AnyTaskServer } from "../create-task-server.ts";
import { createWebhookHandler, type WebhookHandler, type WebhookOptions } from "./index.ts";

declare const server: AnyTaskServer;

expectTypeOf(createWebhookHandler(server)).toEqualTypeOf<WebhookHandler>();
createWebhookHandler(server, { backend: "serverless", maxDuration: "25s", maxBodyBytes: 100_000 });
// What fetch handlers of hosts are: one argument, or more that it has no use for.
expectTypeOf<WebhookHandler>().toExtend<(request: Request) => Promise<Response>>();
export const worker: { readonly fetch: (request: Request, env: object) => Promise<Response> } = {
  fetch: createWebhookHandler(server),
};
expectTypeOf<WebhookOptions["maxDuration"]>().toEqualTypeOf<Duration | undefined>();
// @ts-expect-error -- times have units
createWebhookHandler(server, { maxDuration: 25 });
// @ts-expect-error -- there is no such option
createWebhookHandler(server, { path: "/webhook" });
// @ts-expect-error -- it is a server's
createWebhookHandler({});
