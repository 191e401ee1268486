import { expectTypeOf } from "vitest";
import { type DiscoveredTask, type DiscoverOptions, discoverTasks } from "./discover-tasks.ts";
import { initTasks } from "./init-tasks.ts";

const t = initTasks.create();
const tasks = t.router({ tick: t.task });

expectTypeOf(discoverTasks(tasks)).toEqualTypeOf<DiscoveredTask[]>();
expectTypeOf(discoverTasks(tasks, {})).toEqualTypeOf<DiscoveredTask[]>();
expectTypeOf(discoverTasks(tasks, { locationsOnly: true })).toEqualTypeOf<string[]>();
expectTypeOf(discoverTasks(tasks, { pathsOnly: true })).toEqualTypeOf<string[]>();
expectTypeOf<DiscoveredTask>().toEqualTypeOf<{
  readonly name: string;
  readonly fieldLabel: string;
  readonly location: string;
}>();
expectTypeOf<DiscoverOptions>().toEqualTypeOf<{
  readonly locationsOnly?: boolean;
  readonly pathsOnly?: boolean;
}>();

// @ts-expect-error -- a task is no router
discoverTasks(t.task);
// @ts-expect-error -- no such option
discoverTasks(tasks, { locationOnly: true });
