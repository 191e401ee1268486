import { expect, test } from "vitest";
import { opened } from "../../../../../test/harness/redis-calls.ts";
import { startRedis } from "../../../../../test/harness/redis-process.ts";
import { claim, enqueue, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { redisBackend } from "./index.ts";

const PATIENCE = { timeout: 60_000 };

test(
  "an enqueue that too few replicas confirm is refused, and stored all the same",
  PATIENCE,
  async (context) => {
    const { url } = await startRedis(context);
    const careful = await opened(redisBackend({ url, waitForReplicas: { count: 1, timeout: "1ms" } }));
    const refused = await refusal(() => enqueue(careful, { id: "a" }));
    expect(refused).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    const [record] = await careful.store.get({ ids: ["a"] });
    expect(record).toMatchObject({ id: "a", status: "READY" });
  },
);

test(
  "a claim that too few replicas confirm is taken back, as if it had never been",
  PATIENCE,
  async (context) => {
    const { url } = await startRedis(context);
    const careless = await opened(redisBackend({ url }));
    for (const id of ["a", "b"]) await enqueue(careless, { id });
    const [before] = await careless.store.get({ ids: ["a"] });
    const careful = await opened(redisBackend({ url, waitForReplicas: { count: 1, timeout: "1ms" } }));
    expect(await refusal(() => claim(careful))).toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/0 of 1 replicas confirmed/),
    });
    expect(await careless.store.get({ ids: ["a"] })).toEqual([before]);
    expect((await claim(careless)).map(({ id, attempts }) => [id, attempts])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
  },
);

test("a claim of nothing waits for no replica", PATIENCE, async (context) => {
  const { url } = await startRedis(context);
  const careful = await opened(redisBackend({ url, waitForReplicas: { count: 1, timeout: "1ms" } }));
  expect(await claim(careful)).toEqual([]);
});
