import { answerWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { jsonResponse } from "./json-response.ts";

const LONGEST_CHECK_MS = 5_000;

/** Whether a backend answers; one without a store is as healthy as this process. */
async function isHealthy(engine: Engine, opened: OpenedBackend): Promise<boolean> {
  const check = async () => {
    await opened.use();
    if (opened.backend.delivery?.keepsResults !== false)
      await opened.backend.store.get({ ids: [engine.host.newId()] });
    return true;
  };
  return answerWithin(engine.host, check, {
    ms: LONGEST_CHECK_MS,
    late: () => new Error("It did not answer in time."),
  }).catch((error: unknown) => {
    engine.logger.warn(
      { err: error, backend: opened.name },
      "A backend did not answer a check of its health.",
    );
    return false;
  });
}

/** Asks every backend for something that is not there: 200 when all answer within 5 seconds, else 503. */
export async function answerHealth(engine: Engine): Promise<Response> {
  const checks = await Promise.all(
    [...engine.backends.values()].map(
      async (opened) => [opened.name, (await isHealthy(engine, opened)) ? "ok" : "unavailable"] as const,
    ),
  );
  const isOk = checks.every(([, state]) => state === "ok");
  return jsonResponse(isOk ? 200 : 503, {
    status: isOk ? "ok" : "unavailable",
    backends: Object.fromEntries(checks),
  });
}
