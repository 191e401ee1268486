import type { Backend, LeaseSource, TaskStore } from "@taskwright/server/backend";
import { type ControlledQstash, qstashHandlers } from "@taskwright/server/msw";
import { type QstashBackend, type QstashBackendOptions, qstashBackend } from "@taskwright/server/qstash";
import { getResponse, http } from "msw";
import { setupServer } from "msw/node";
import { CURRENT_KEY, NEXT_KEY } from "../harness/signed-call.ts";
import type { StoreContext } from "./store-fixture.ts";

/** The host that webhooks of cases have. */
export const DOMAIN = "app.example.test";

/** What a case makes of a request to QStash instead of letting it through; undefined lets it through. */
export type Interference = (
  request: Request,
  pass: () => Promise<Response>,
) => Promise<Response | undefined> | Response | undefined;

/** The QStash of one case, with whatever the case does to it. */
export interface LocalQstash {
  readonly qstash: ControlledQstash;
  readonly backend: QstashBackend;
  /** Where the backend keeps task results. */
  readonly store: Backend | undefined;
  readonly baseUrl: string;
  /** Answers deliveries, as the host of the application does. */
  platform: (request: Request) => Response | Promise<Response>;
  /** What happens to requests of clients. */
  interfere: Interference;
  /** Called before each operation of the store behind the backend, by names such as `store.delete`; may reject. */
  beforeStore: (operation: string, request: unknown) => Promise<void> | void;
}

const server = setupServer();
const cases = new Map<string, LocalQstash>();

/** Begins to answer requests to local QStashes. */
export function listenForQstash(): void {
  server.listen({ onUnhandledFrame: "bypass" });
}

/** Lets requests pass again. */
export function stopListening(): void {
  server.close();
}

/** The QStash of a case. */
export function localQstashOf({ namespace }: StoreContext): LocalQstash {
  const found = cases.get(namespace);
  if (found === undefined) throw new Error("The case has no local QStash.");
  return found;
}

function watched<Facet extends TaskStore | LeaseSource>(
  kind: string,
  facet: Facet,
  local: () => LocalQstash,
): Facet {
  return new Proxy(facet, {
    get: (target, name) => {
      const operation: unknown = Reflect.get(target, name);
      if (typeof operation !== "function" || name === "placeId") return operation;
      return async (request: unknown) => {
        await local().beforeStore(`${kind}.${String(name)}`, request);
        return operation.call(target, request);
      };
    },
  });
}

/** A store that the case's QStash backend keeps task results in, with whatever the case does to it. */
function watchedStore(store: Backend, local: () => LocalQstash): Backend {
  const { leases } = store;
  return {
    ...store,
    store: watched("store", store.store, local),
    ...(leases === undefined ? {} : { leases: watched("leases", leases, local) }),
  };
}

/** Makes a QStash backend on a local QStash of the case's own. */
export function makeQstash(
  context: StoreContext,
  store?: Backend,
  options: QstashBackendOptions = {},
): Backend {
  const baseUrl = `https://qstash-${context.namespace}.example.test`;
  const away = new Response(null, { status: 503, headers: { "retry-after": "3600" } });
  const { handlers, qstash } = qstashHandlers({
    baseUrl,
    token: "token",
    keys: { current: CURRENT_KEY, next: NEXT_KEY },
    patience: "20s",
    deliver: (request) => local.platform(request),
  });
  const backend = qstashBackend({
    token: "token",
    baseUrl,
    domain: DOMAIN,
    currentSigningKey: qstash.currentSigningKey,
    nextSigningKey: qstash.nextSigningKey,
    ...(store === undefined ? {} : { store: watchedStore(store, () => local) }),
    ...options,
  });
  const local: LocalQstash = {
    qstash,
    backend,
    store,
    baseUrl,
    platform: () => away.clone(),
    interfere: () => undefined,
    beforeStore: () => {},
  };
  cases.set(context.namespace, local);
  server.use(
    http.all(`${baseUrl}/*`, async ({ request }) => {
      const pass = async () => {
        const response = await getResponse([...handlers], request.clone());
        if (response === undefined) throw new Error(`The local QStash has no route ${request.url}.`);
        return response;
      };
      return (await local.interfere(request, pass)) ?? pass();
    }),
  );
  return backend;
}

/** Ends the deliveries of a case. */
export function closeQstash({ namespace }: StoreContext): void {
  cases.get(namespace)?.qstash.close();
  cases.delete(namespace);
}
