import { initTasks } from "@taskwright/shared";

export const t = initTasks.create({ queues: ["default", "slow"] });
