import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const NEEDS = ["leases", "maintenance", "inspector"] as const;
const PATH = "taskwright.clearStaleResults";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const serverBuiltInTasksSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: built-in tasks",
  rows: ["retention"],
  cases: [
    {
      name: "taskwright.clearStaleResults deletes SUCCESSFUL task results of more than 7 days ago, and no others",
      needs: NEEDS,
      run: async (bench) => {
        const { client, executor } = bench.serve({
          handlers: {
            work: ({ input }) => {
              if (input.n < 0) throw new Error("no luck");
              return input;
            },
          },
        });
        const old = await client.tasks.work.delay({ n: 1 });
        const failed = await client.tasks.work.enqueue({ n: -1 }, { maxRetries: 0 });
        const cancelled = await client.tasks.work.enqueue({ n: 2 }, { countdown: "1h" });
        await cancelled.cancel();
        const waiting = await client.tasks.work.enqueue({ n: 3 }, { countdown: "30d" });
        await executor.processTasks();
        await bench.host.advance(6 * DAY);
        const young = await client.tasks.work.delay({ n: 4 });
        await executor.processTasks();
        await bench.host.advance(DAY + HOUR);
        await client.clearStaleResults.delay();
        expect(await executor.processTasks()).toMatchObject([
          { path: PATH, label: "Cleanup Task Results", status: "SUCCESSFUL", output: { deleted: 1 } },
        ]);
        await expect(old.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
        const left = await Promise.all([failed, cancelled, waiting, young].map((result) => result.status()));
        expect(left).toEqual(["FAILED", "CANCELLED", "READY", "SUCCESSFUL"]);
      },
    },
    {
      name: "taskwright.clearStaleResults goes by the age it is told, whatever server runs it",
      needs: NEEDS,
      run: async (bench) => {
        const { client, executor } = bench.serve();
        const first = await client.tasks.work.delay({ n: 1 });
        await executor.processTasks();
        await bench.host.advance(2 * HOUR);
        const second = await client.tasks.work.delay({ n: 2 });
        await executor.processTasks();
        await bench.host.advance(1_000);
        await client.clearStaleResults.delay({ since: 3_600, backend: "default" });
        expect(await bench.serve().executor.processTasks()).toMatchObject([{ output: { deleted: 1 } }]);
        await expect(first.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
        await bench.host.advance(1_000);
        await client.clearStaleResults.delay({ since: 0 });
        // The one that cleared before has ended too.
        expect(await executor.processTasks()).toMatchObject([{ output: { deleted: 2 } }]);
        await expect(second.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
      },
    },
    {
      name: "taskwright.clearStaleResults refuses an age and a backend that cannot be",
      needs: NEEDS,
      run: async (bench) => {
        const { client, executor } = bench.serve();
        for (const since of [-1, Number.NaN, "7d" as never, 3_153_600_001])
          await expect(client.clearStaleResults.delay({ since })).rejects.toMatchObject({
            code: "PAYLOAD_ERROR",
          });
        await client.clearStaleResults.applyAsync({ backend: "bulk" }, { maxRetries: 0 });
        expect(await executor.processTasks()).toMatchObject([
          { status: "FAILED", errors: [{ message: expect.stringContaining('names the backend "bulk"') }] },
        ]);
      },
    },
    {
      name: "a schedule enqueues taskwright.clearStaleResults, and no list of the contract's tasks has it",
      needs: [...NEEDS, "schedules"],
      run: async (bench) => {
        const server = bench.serve();
        const old = await server.client.tasks.work.delay({ n: 1 });
        await server.executor.processTasks();
        const made = await server.client.schedules.create({
          id: "nightly-clean-up",
          task: PATH,
          cron: "0 4 * * *",
          input: { since: 60 },
        });
        expect(made).toMatchObject({ label: "Cleanup Task Results", input: { since: 60 } });
        await bench.host.advance(DAY);
        expect(await server.executor.runSchedules()).toBe(1);
        expect(await server.executor.processTasks()).toMatchObject([
          { path: PATH, scheduleId: "nightly-clean-up", output: { deleted: 1 } },
        ]);
        await expect(old.status()).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
        expect(Object.keys(server.tasks)).not.toContain("taskwright");
        expect(Object.keys(server.client.tasks)).not.toContain("taskwright");
      },
    },
  ],
};
