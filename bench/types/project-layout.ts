import { readFileSync } from "node:fs";
import { shapeOf, type TaskShape } from "./task-shapes.ts";

/** A part of the router with a file of its own: `area3`, which holds routers of tasks. */
export interface Area {
  readonly name: string;
  readonly groups: readonly { readonly name: string; readonly tasks: readonly TaskShape[] }[];
}

/** Files of a generated project by their paths. */
export type ProjectFiles = ReadonlyMap<string, string>;

const GROUPS_PER_AREA = 3;
const TASKS_PER_GROUP = 10;
const TASKS_PER_AREA = GROUPS_PER_AREA * TASKS_PER_GROUP;

/** Deals tasks out to areas of three groups of ten; `taskCount` is a multiple of 30. */
export function areasOf(taskCount: number): readonly Area[] {
  return Array.from({ length: taskCount / TASKS_PER_AREA }, (_, area) => ({
    name: `area${area}`,
    groups: Array.from({ length: GROUPS_PER_AREA }, (_, group) => ({
      name: `group${group}`,
      tasks: Array.from({ length: TASKS_PER_GROUP }, (_, task) =>
        shapeOf(area * TASKS_PER_AREA + group * TASKS_PER_GROUP + task),
      ),
    })),
  }));
}

/** A nested object literal of an area: each group by its name, and in it what `write` gives for each task. */
export function nested(area: Area, write: (task: TaskShape, group: string) => string, wrap: string): string {
  const groups = area.groups.map(({ name, tasks }) => {
    const lines = tasks.map((task) => `    ${task.name}: ${write(task, name)},`);
    return `  ${name}: ${wrap}({\n${lines.join("\n")}\n  }),`;
  });
  return `{\n${groups.join("\n")}\n}`;
}

/** A line for each task of an area. */
export function eachTask(area: Area, write: (task: TaskShape, path: string) => string): string {
  return area.groups
    .flatMap(({ name, tasks }) => tasks.map((task) => write(task, `${area.name}.${name}.${task.name}`)))
    .join("\n");
}

/** A file that puts one export of each area under its name. */
export function collected(areas: readonly Area[], folder: string): { imports: string; names: string } {
  return {
    imports: areas.map(({ name }) => `import { ${name} } from "./${folder}/${name}.ts";`).join("\n"),
    names: areas.map(({ name }) => name).join(", "),
  };
}

/** A file of this folder that is the same however many tasks there are. */
export function fixedFile(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}
