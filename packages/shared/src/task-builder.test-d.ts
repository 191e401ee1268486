import superjson from "superjson";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { initTasks } from "./init-tasks.ts";
import type { NotJsonSafe } from "./json-safe-type.ts";
import type { EmptyTaskBuilder, InvalidSchema, TaskBuilder, Wire } from "./task-builder.ts";
import type { AnyTask, TaskInput, TaskOutput } from "./task-types.ts";

const { task } = initTasks.create({ queues: ["default", "emails"] });
const any = initTasks.create({ transformer: superjson }).task;

expectTypeOf<Wire>().toEqualTypeOf<"json" | "transformer">();
expectTypeOf(task).toEqualTypeOf<EmptyTaskBuilder<"json", "default" | "emails">>();
expectTypeOf(any).toEqualTypeOf<EmptyTaskBuilder<"transformer", "default">>();
expectTypeOf(task).toExtend<AnyTask>();

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

// --- Each step keeps what the others said, in any order ---

type SendEmail = TaskBuilder<
  "json",
  { to: string; body?: string | undefined },
  { to: string; body: string },
  { at: Date },
  { at: string },
  "default" | "emails"
>;
const mail = z.object({ to: z.email(), body: z.string().default("") });
const sent = z.object({ at: isoDate });
expectTypeOf(task.input(mail).output(sent).options({ queue: "emails" })).toEqualTypeOf<SendEmail>();
expectTypeOf(task.options({ label: "Mail" }).output(sent).input(mail)).toEqualTypeOf<SendEmail>();
// A later schema takes the place of an earlier one.
expectTypeOf(task.input(z.string()).input(mail).output(sent)).toEqualTypeOf<SendEmail>();

// --- What callers pass, what handlers get and return ---

/** What a schema comes to as an input and as an output. */
function types<TInput, TParsed, TOutput, TEncoded>(
  _task: TaskBuilder<Wire, TInput, TParsed, TOutput, TEncoded, "default" | "emails">,
): { input: TInput; parsed: TParsed; output: TOutput; encoded: TEncoded } {
  throw new Error("Never called.");
}

expectTypeOf(types(task)).toEqualTypeOf<{ input: void; parsed: void; output: void; encoded: void }>();
expectTypeOf(types(task.input(isoDate))).toExtend<{ input: string; parsed: Date }>();
expectTypeOf(types(task.output(isoDate))).toExtend<{ output: Date; encoded: string }>();
expectTypeOf(types(task.input(z.string().transform(Number)))).toExtend<{ input: string; parsed: number }>();
expectTypeOf(types(task.input(z.int().optional()))).toExtend<{ input: number | undefined }>();
expectTypeOf(types(task.input(z.int().default(1)))).toExtend<{ input: number | undefined; parsed: number }>();
expectTypeOf<TaskInput<ReturnType<typeof branded>>>().toEqualTypeOf<string>();
expectTypeOf<TaskOutput<ReturnType<typeof branded>>>().toEqualTypeOf<string & z.$brand<"Id">>();
function branded() {
  return task.input(z.string().brand<"Id">()).output(z.string().brand<"Id">());
}

const union = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("a"), at: isoDate }),
  z.object({ kind: z.literal("b"), n: z.int() }),
]);
expectTypeOf(types(task.input(union)).input).toEqualTypeOf<
  { kind: "a"; at: string } | { kind: "b"; n: number }
>();
expectTypeOf(types(task.input(union)).parsed).toEqualTypeOf<
  { kind: "a"; at: Date } | { kind: "b"; n: number }
>();

const Tree = z.object({
  value: isoDate,
  get children() {
    return z.array(Tree);
  },
});
const tree = types(task.input(Tree)).input;
expectTypeOf(tree.children[0]?.children[0]?.value).toEqualTypeOf<string | undefined>();

// zod/mini has the same core.
expectTypeOf(types(task.input(mini.object({ a: mini.string() }))).input).toEqualTypeOf<{ a: string }>();
// A schema that says nothing of its values is let pass as any, where it says so.
expectTypeOf(types(task.input(z.any())).input).toBeAny();

// --- With plain JSON, what it cannot say is refused; json-safe-type.test-d.ts has every kind ---

class Money {
  readonly #cents = 0;
  get cents(): number {
    return this.#cents;
  }
}
// @ts-expect-error -- Date
task.input(z.object({ at: z.date() }));
// @ts-expect-error -- Map
task.output(z.map(z.string(), z.string()));
// @ts-expect-error -- Set
task.input(z.object({ ids: z.set(z.string()) }));
// @ts-expect-error -- bigint
task.output(z.object({ n: z.bigint() }));
// @ts-expect-error -- function
task.input(z.object({ done: z.function() }));
// @ts-expect-error -- class instance
task.input(z.object({ price: z.instanceof(Money) }));
// @ts-expect-error -- undefined in an array
task.input(z.array(z.string().optional()));
// @ts-expect-error -- symbol
task.input(z.object({ s: z.symbol() }));
// @ts-expect-error -- in a union
task.input(z.union([z.string(), z.date()]));
const BadTree = z.object({
  at: z.date(),
  get children() {
    return z.array(BadTree);
  },
});
// @ts-expect-error -- in a recursive type
task.input(BadTree);
// @ts-expect-error -- a codec the wrong way round: what is stored would be the Date
task.output(z.invertCodec(isoDate));
// @ts-expect-error -- nobody knows what is in it
task.input(z.object({ payload: z.unknown() }));
// @ts-expect-error -- a transform's input counts, not what it makes
task.input(z.date().transform((date) => date.toISOString()));

expectTypeOf<NotJsonSafe<"input.at: Date">>().toEqualTypeOf<{ readonly "NOT JSON-SAFE": "input.at: Date" }>();

// --- With a transformer, everything goes ---

const rich = z.object({ at: z.date(), m: z.map(z.string(), z.bigint()), s: z.set(z.date()) });
expectTypeOf(
  types(initTasks.create({ transformer: superjson, queues: ["default", "emails"] }).task.input(rich)).input,
).toEqualTypeOf<{
  at: Date;
  m: Map<string, bigint>;
  s: Set<Date>;
}>();
any.output(rich);
any.input(z.unknown());

// --- What is no schema ---

expectTypeOf<InvalidSchema<"x">>().toEqualTypeOf<{ readonly "INVALID SCHEMA": "x" }>();
// @ts-expect-error -- a shape is no schema
task.input({ to: z.string() });
// @ts-expect-error -- nor here
any.input({ to: z.string() });
// @ts-expect-error -- a type is no schema
task.input(String);
// @ts-expect-error -- a schema is needed
task.input();

// --- Options ---

task.options({ queue: "emails", priority: 10, lease: "2m" });
// @ts-expect-error -- the contract has no such queue
task.options({ queue: "mails" });
// @ts-expect-error -- an unknown option
task.options({ maxRetrys: 1 });
// @ts-expect-error -- the wrong type
task.options({ priority: "high" });

// --- A schema that is not known yet ---

/** With a transformer, a function may take any schema. */
export function listOf<TSchema extends z.ZodType>(schema: TSchema) {
  return any.input(z.array(schema));
}
expectTypeOf(listOf(z.date())["~types"].input).toEqualTypeOf<Date[]>();
