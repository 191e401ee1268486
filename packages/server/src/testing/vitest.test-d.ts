import { type Duration, initTasks } from "@taskwright/shared";
import { expect, expectTypeOf } from "vitest";
import * as z from "zod";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTestServer, dummyBackend, withFaults } from "./index.ts";
import type { EnqueuedOptions, ExpectedInput, ExpectedPath } from "./vitest.ts";

const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.string(), mail: z.object({ subject: z.string() }) })),
  tidy: t.task,
});
const server = createTestServer({ tasks, handlers: { sendEmail: () => {}, tidy: () => {} } });

expect(server).toHaveEnqueued("sendEmail");
expect(server).toHaveEnqueued("sendEmail", { mail: {} }, { times: 2, queue: "a", priority: 1 });
expect(server).toHaveEnqueued("sendEmail", { to: expect.any(String) });
expect(server).not.toHaveEnqueued("tidy", undefined, { runAfter: new Date(), tolerance: "1m" });
expectTypeOf(expect(server).toHaveEnqueued("tidy")).toEqualTypeOf<void>();
expectTypeOf(expect(Promise.resolve(server)).resolves).toHaveProperty("toHaveEnqueued");
// @ts-expect-error -- no such task
expect(server).toHaveEnqueued("sendEmial");
// @ts-expect-error -- no such property of the input
expect(server).toHaveEnqueued("sendEmail", { form: "Ada" });
// @ts-expect-error -- a number is no text
expect(server).not.toHaveEnqueued("sendEmail", { mail: { subject: 7 } });
// @ts-expect-error -- a task without input has none
expect(server).toHaveEnqueued("tidy", { to: "Ada" });
// @ts-expect-error -- no such option
expect(server).toHaveEnqueued("tidy", undefined, { time: 1 });
// @ts-expect-error -- nothing can be enqueued there
expect(memoryBackend()).toHaveEnqueued("tidy");

// A backend knows no contract
const dummy = dummyBackend();
expect(dummy).toHaveEnqueued("whatever", { some: "input" });
expect(withFaults(dummy)).toHaveEnqueued("whatever");
// @ts-expect-error -- a path is text
expect(dummy).toHaveEnqueued(7);

expectTypeOf<ExpectedPath<typeof server>>().toEqualTypeOf<"sendEmail" | "tidy">();
expectTypeOf<ExpectedPath<typeof dummy>>().toEqualTypeOf<string>();
expectTypeOf<ExpectedInput<typeof server, "sendEmail">>().toEqualTypeOf<{
  readonly to?: string | undefined;
  readonly mail?: { readonly subject?: string | undefined } | undefined;
}>();
expectTypeOf<ExpectedInput<typeof dummy, string>>().toEqualTypeOf<unknown>();
expectTypeOf<EnqueuedOptions>().toEqualTypeOf<{
  readonly queue?: string;
  readonly priority?: number;
  readonly runAfter?: Date | string;
  readonly tolerance?: Duration;
  readonly times?: number;
}>();
