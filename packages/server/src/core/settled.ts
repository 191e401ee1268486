import type { TaskStatus } from "@taskwright/shared";

/** What became of a task result in this process; `lost`: another process has it, or will. */
export type Settled = TaskStatus | "released" | "lost";
