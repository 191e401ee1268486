import { expect } from "vitest";
import { AWKWARD_TEXT, FALSY_JSON } from "./awkward-text.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { attemptError, LEASE, leaseOf, newTasks, retryAt, START, success } from "./store-under-test.ts";

/** The greatest payload that core lets through, in bytes. */
const LARGEST = 256 * 1024;

const LARGE_TEXT: readonly string[] = [
  "a".repeat(LARGEST),
  "😀".repeat(LARGEST / 4),
  '"\\'.repeat(LARGEST / 2),
  "\n".repeat(LARGEST),
  "中".repeat(Math.floor(LARGEST / 3)),
];

const ALL_TEXT = [...AWKWARD_TEXT, ...LARGE_TEXT];

export const payloadsSection: ConformanceSection = {
  title: "payload fidelity",
  rows: ["JSON safety", "size", "falsy"],
  cases: [
    {
      name: "input and policy come back character for character",
      defect: "F: payloads are pickled",
      run: async (store) => {
        for (const text of AWKWARD_TEXT) {
          const id = await store.addOne({ input: text, policy: text });
          expect(await store.record(id)).toMatchObject({ input: text, policy: text });
        }
      },
    },
    {
      name: "a batch keeps every item's own input, however awkward its neighbours",
      run: async (store) => {
        const ids = await store.addAll(
          newTasks(AWKWARD_TEXT.length, (index) => ({ input: AWKWARD_TEXT[index] ?? "" })),
        );
        const records = await store.backend.store.get({ ids });
        expect(records.map((record) => record?.input)).toEqual(AWKWARD_TEXT);
      },
    },
    {
      name: "a claim hands the input and policy out character for character",
      needs: ["leases"],
      run: async (store) => {
        for (const text of AWKWARD_TEXT) {
          const claimed = await store.addClaimed({ input: text, policy: text });
          expect(claimed).toMatchObject({ input: text, policy: text });
        }
      },
    },
    {
      name: "256 KB of input, in one byte per character or four, are stored and handed out whole",
      needs: ["leases"],
      run: async (store) => {
        for (const text of LARGE_TEXT) {
          const claimed = await store.addClaimed({ input: text });
          expect(claimed.input === text).toBe(true);
          expect((await store.record(claimed.id)).input === text).toBe(true);
        }
      },
    },
    {
      name: "a batch of a hundred inputs of 256 KB is stored whole",
      timeoutMs: 60_000,
      run: async (store) => {
        const tasks = newTasks(100, (index) => ({
          input: String(index)
            .padEnd(LARGEST, "é")
            .slice(0, LARGEST / 2),
        }));
        const ids = await store.addAll(tasks);
        for (const [index, id] of ids.entries()) {
          expect((await store.record(id)).input === tasks[index]?.input).toBe(true);
        }
      },
    },
    {
      name: "no input is something else than empty input",
      needs: ["leases"],
      run: async (store) => {
        for (const input of [null, "", "null", '""']) {
          const claimed = await store.addClaimed({ input, policy: input });
          expect(claimed.input).toBe(input);
          expect(await store.record(claimed.id)).toMatchObject({ input, policy: input });
        }
      },
    },
    {
      name: "falsy outputs are stored and returned as they are, and no output as none",
      needs: ["leases"],
      defect: "F: falsy return values are not stored",
      run: async (store) => {
        for (const output of [...FALSY_JSON, "", null]) {
          const lease = await store.addClaimed();
          await store.settle(lease, success(output));
          expect((await store.record(lease.id)).output).toBe(output);
        }
      },
    },
    {
      name: "falsy outputs of one batch stay apart",
      needs: ["leases"],
      run: async (store) => {
        const outputs = [null, ...FALSY_JSON, "", null];
        await store.addAll(newTasks(outputs.length));
        const claimed = await store.claim();
        const items = claimed.map((lease, index) => ({
          lease: leaseOf(lease),
          settlement: success(outputs[index] ?? null),
        }));
        await store.leases.settle({ items, now: START });
        const records = await store.backend.store.get({ ids: claimed.map(({ id }) => id) });
        expect(records.map((record) => record?.output)).toEqual(outputs);
      },
    },
    {
      name: "outputs and progress come back character for character, up to 256 KB",
      needs: ["leases"],
      timeoutMs: 60_000,
      run: async (store) => {
        for (const text of ALL_TEXT) {
          const lease = await store.addClaimed();
          await store.leases.progress({ items: [{ lease: leaseOf(lease), progress: text }], now: START });
          await store.settle(lease, success(text));
          const record = await store.record(lease.id);
          expect(record.progress === text && record.output === text, text.slice(0, 60)).toBe(true);
        }
      },
    },
    {
      name: "errors come back with every field, character for character",
      needs: ["leases"],
      run: async (store) => {
        let lease = await store.addClaimed({ maxRetries: 100 });
        const errors = AWKWARD_TEXT.map((text, index) =>
          attemptError({
            exceptionClass: text,
            message: text,
            stack: index % 2 === 0 ? text : null,
            attempt: index + 1,
            workerId: text,
          }),
        );
        errors.push(attemptError({ exceptionClass: "", message: "", stack: "", workerId: null, attempt: 0 }));
        errors.push(attemptError({ stack: "at x\n".repeat(5_000) }));
        for (const error of errors) {
          await store.settle(lease, retryAt(START, error));
          lease = await store.claimOne();
        }
        expect((await store.record(lease.id)).errors).toEqual(errors);
      },
    },
    {
      name: "tags come back in their order, character for character, also alike and empty ones",
      run: async (store) => {
        const tags = [...AWKWARD_TEXT.slice(0, -1), "", "twice", "twice", "a,b", "[]", "{}"];
        const id = await store.addOne({ tags });
        expect((await store.record(id)).tags).toEqual(tags);
      },
    },
    {
      name: "paths, queues, codecs, parents and schedules come back character for character",
      needs: ["leases"],
      run: async (store) => {
        for (const text of AWKWARD_TEXT.filter((one) => one.length < 100)) {
          const names = { path: text, queue: text, codec: text, parentId: text, scheduleId: text };
          const tasks = [{ path: text, lease: LEASE }];
          const claimed = await store.addClaimed(names, { tasks, queues: [text] });
          expect(claimed).toMatchObject(names);
          expect(await store.record(claimed.id)).toMatchObject(names);
        }
      },
    },
    {
      name: "workers' names come back character for character: a hundred printable ones of ASCII",
      needs: ["leases"],
      run: async (store) => {
        const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join(
          "",
        );
        const names = [printable, "w".repeat(100), "host-1:4711", '","', "a,b", "0", "null", "%s$1{}"];
        const id = await store.addOne();
        for (const workerId of names) {
          const lease = leaseOf(await store.claimOne({ workerId }));
          await store.leases.release({ items: [{ lease, started: true, when: "now" }], now: START });
        }
        expect((await store.record(id)).workerIds).toEqual(names);
      },
    },
    {
      name: "any text may be asked for as an id, and is not found",
      run: async (store) => {
        await store.add({});
        const ids = ["", "\u0000", "a\u0000b", ...AWKWARD_TEXT];
        expect(await store.backend.store.get({ ids })).toEqual(ids.map(() => null));
        expect(await store.backend.store.delete({ ids })).toEqual(ids.map(() => "not-found"));
        for (const id of ids) {
          expect(await store.backend.store.cancel({ id, now: START })).toBe("not-found");
          expect(await store.backend.store.requeue({ id, runAfter: START, rank: 0, now: START })).toBe(
            "not-found",
          );
        }
      },
    },
  ],
};
