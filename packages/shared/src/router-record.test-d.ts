import { expectTypeOf } from "vitest";
import { initTasks } from "./init-tasks.ts";
import { tasksByPath } from "./router-record.ts";
import type { AnyTask } from "./task-types.ts";

const t = initTasks.create();
expectTypeOf(tasksByPath(t.router({ tick: t.task }))).toEqualTypeOf<Map<string, AnyTask>>();
