import { expectTypeOf } from "vitest";
import { initTasks } from "./init-tasks.ts";
import { TaskPayload } from "./task-payload.ts";

const { task } = initTasks.create();
const payload = new TaskPayload("tick", task["~task"]);
new TaskPayload("tick", task["~task"], 1_000);
expectTypeOf(payload.encodeInput(1)).toEqualTypeOf<string | null | Promise<string | null>>();
expectTypeOf(payload.encodeOutput(1)).toEqualTypeOf<string | null | Promise<string | null>>();
expectTypeOf(payload.decodeInput("1", "json")).toEqualTypeOf<unknown>();
expectTypeOf(payload.codec.id).toEqualTypeOf<string>();
// @ts-expect-error -- it takes the definition, not the task
new TaskPayload("tick", task);
// @ts-expect-error -- what is decoded names the codec that wrote it
payload.decodeOutput("1");
