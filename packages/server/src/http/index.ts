export type { CrossOriginOptions } from "./cross-origin.ts";
export type {
  HttpAuth,
  HttpAuthFacts,
  HttpAuthFunction,
  HttpAuthRule,
  HttpPermission,
} from "./http-auth.ts";
export {
  createHttpHandler,
  type HttpHandler,
  type HttpHandlerOptions,
  type MetricsSource,
} from "./http-handler.ts";
export { type NodeHandler, toNodeHandler } from "./node-handler.ts";
export { createWebhookHandler, type WebhookHandler, type WebhookOptions } from "./webhook-handler.ts";
