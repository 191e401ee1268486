import superjson from "superjson";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import { initTasks } from "./init-tasks.ts";
import type { CarriedAsJson, MissingTransformer } from "./missing-transformer.ts";

const plain = initTasks.create();
const rich = initTasks.create({ transformer: superjson });
const plainTasks = plain.router({ a: plain.task.input(z.string()), b: plain.router({ c: plain.task }) });
const richTasks = rich.router({ b: rich.router({ c: rich.task.output(z.date()).options({ priority: 1 }) }) });
const mixed = plain.router({ a: plain.task, b: richTasks });

expectTypeOf<CarriedAsJson<typeof plainTasks, "no">>().toEqualTypeOf<unknown>();
expectTypeOf<CarriedAsJson<typeof richTasks, "no">>().toEqualTypeOf<MissingTransformer<"no">>();
expectTypeOf<CarriedAsJson<typeof mixed, "no">>().toEqualTypeOf<MissingTransformer<"no">>();
// @ts-expect-error -- nothing has such a property but by intent
export const carried: CarriedAsJson<typeof richTasks, "no"> = {};
