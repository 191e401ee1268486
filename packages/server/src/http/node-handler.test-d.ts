import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { expectTypeOf } from "vitest";
import { type NodeHandler, toNodeHandler } from "./index.ts";

const handler = toNodeHandler(async (request) => new Response(request.url));
expectTypeOf(handler).toEqualTypeOf<NodeHandler>();
expectTypeOf<NodeHandler>().toEqualTypeOf<
  (request: IncomingMessage, response: ServerResponse) => Promise<void>
>();
createServer(handler);
// @ts-expect-error -- a handler answers
toNodeHandler(async () => {});
// @ts-expect-error -- and not by Node's own response
toNodeHandler((_request: IncomingMessage, response: ServerResponse) => response.end());
