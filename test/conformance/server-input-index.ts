import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { DAY } from "./store-under-test.ts";

const SECOND = 1_000;

export const serverInputIndexSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: index of inputs",
  rows: ["retention"],
  cases: [
    {
      name: "workers look now and then whether an index of inputs is wanted, and keep up one that is",
      needs: ["leases", "inspector", "maintenance"],
      run: async (bench) => {
        const { maintenance, inspector } = bench.backend;
        if (maintenance?.indexInputs === undefined) return;
        let rounds = 0;
        bench.after.set("maintenance.indexInputs", async () => {
          rounds++;
        });
        const server = bench.serve();
        for (let n = 0; n < 3; n++) await server.client.tasks.mail.send.enqueue({ n }, { countdown: "2h" });
        const worker = await bench.work(server);
        expect(rounds).toBe(1);
        await bench.host.advance(50 * SECOND);
        expect(rounds).toBe(1);
        const filter = { input: [{ path: ["n"], operator: "equals", value: 1 }] } as const;
        await inspector?.list({ filter, cursor: null, offset: 0, limit: 10 });
        await bench.host.advance(20 * SECOND);
        expect(rounds).toBeGreaterThanOrEqual(2);
        await server.client.tasks.mail.send.enqueue({ n: 4 }, { countdown: "2h" });
        await bench.host.advance(60 * SECOND);
        expect(rounds).toBeGreaterThanOrEqual(2 + 3);
        await bench.stop(worker);
        const now = await bench.storeTime();
        const answer = { isWanted: true, indexed: 0, more: false };
        expect(await maintenance.indexInputs({ limit: 10, keepFor: DAY, now })).toEqual(answer);
        const late = { limit: 10, keepFor: DAY, now: now + 31 * DAY };
        expect(await maintenance.indexInputs(late)).toMatchObject({ isWanted: false });
      },
    },
  ],
};
