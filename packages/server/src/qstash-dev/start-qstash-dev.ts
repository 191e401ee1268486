import { type Duration, durationToMs, TaskError } from "@taskwright/shared";
import { systemClock } from "./engine/clock.ts";
import type { DeliveryReport } from "./engine/delivery-report.ts";
import { DEV_KEYS, DEV_TOKEN, type SigningKeys } from "./engine/dev-credentials.ts";
import { QstashEngine } from "./engine/engine.ts";
import { type QstashLimits, resolveLimits } from "./engine/limits.ts";
import { memoryOnly, type StateStore } from "./engine/state-store.ts";
import { answerRequest } from "./routes/answer-request.ts";
import { HttpListener } from "./server/http-listener.ts";
import { NodeDelivery } from "./server/node-delivery.ts";

/** Options of {@link startQstashDev}. */
export interface QstashDevOptions {
  /** Default 8080, where the SDK's own development mode looks; 0 for any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. The token is public, so other machines should not reach it. */
  readonly host?: string;
  /** A SQLite file that keeps everything over a restart; memory by default. */
  readonly file?: string;
  /** Default: the one that the SDK has built in. */
  readonly token?: string;
  /** Default: those that the SDK has built in. */
  readonly keys?: SigningKeys;
  readonly limits?: Partial<QstashLimits>;
  /** What `Upstash-Region` says; default `local`. */
  readonly region?: string;
  /** How long a request may take to arrive; default `30s`. */
  readonly requestTimeout?: Duration;
  /** Told of each attempt to deliver a message. */
  readonly log?: (delivery: DeliveryReport) => void;
  /** Told of errors that no request hears of, such as a full disk. Default: a warning of the process. */
  readonly onFault?: (error: unknown) => void;
}

/** A running server. */
export interface QstashDev extends AsyncDisposable {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly token: string;
  readonly currentSigningKey: string;
  readonly nextSigningKey: string;
  /** Stops listening and ends deliveries that are on their way; what is pending stays in the file. */
  close(): Promise<void>;
}

function invalid(option: string, expected: string): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `${option} of startQstashDev must be ${expected}.`,
    data: { option },
  });
}

function checkOptions({ port = 0, token = "x", keys = DEV_KEYS }: QstashDevOptions): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalid("port", "a whole number from 0 to 65535, 0 for any free port");
  }
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid("token", "printable ASCII characters without spaces");
  }
  if (
    typeof keys.current !== "string" ||
    typeof keys.next !== "string" ||
    keys.current === "" ||
    keys.next === ""
  ) {
    throw invalid("keys", "{ current, next }, two strings that are not empty");
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), "QstashDevWarning");
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

async function openFile(file: string): Promise<StateStore> {
  // Only now: Node 22 warns of its SQLite when that is loaded.
  const { SqliteStore } = await import("./server/sqlite-store.ts");
  return new SqliteStore(file);
}

/**
 * Starts a local QStash that the official SDK can talk to.
 *
 * Throws INVALID_OPTION for a bad option or a port that is taken, and BACKEND_UNAVAILABLE for a file that cannot be used.
 */
export async function startQstashDev(options: QstashDevOptions = {}): Promise<QstashDev> {
  checkOptions(options);
  const { port = 8080, host = "127.0.0.1", file, token = DEV_TOKEN, keys = DEV_KEYS } = options;
  const { region, log, onFault = warn, requestTimeout = "30s" } = options;
  const limits = resolveLimits(options.limits);
  const requestTimeoutMs = durationToMs(requestTimeout, "requestTimeout");
  const store = file === undefined ? memoryOnly : await openFile(file);
  const delivery = new NodeDelivery();
  let engine: QstashEngine | undefined;
  const listener = new HttpListener((request, origin) => {
    if (engine === undefined) throw new Error("The server listens before it has begun.");
    return answerRequest(engine, request, origin);
  }, requestTimeoutMs);
  let listeningOn: number;
  try {
    listeningOn = await listener.listen({ port, host, requestTimeoutMs });
  } catch (error) {
    store.close();
    throw error;
  }
  // Only now: a server that could not listen delivers nothing.
  const started = new QstashEngine({
    token,
    keys,
    clock: systemClock,
    deliver: delivery.deliver,
    store,
    onFault,
    limits,
    ...(region === undefined ? {} : { region }),
    ...(log === undefined ? {} : { onDelivery: log }),
  });
  engine = started;
  const close = async () => {
    started.close();
    delivery.close();
    await listener.close();
  };
  return {
    url: `http://${urlHost(host)}:${listeningOn}`,
    token,
    get currentSigningKey() {
      return started.keys.keys.current;
    },
    get nextSigningKey() {
      return started.keys.keys.next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
