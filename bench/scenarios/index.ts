import type { Scenario } from "../harness/scenario.ts";
import { backlog20k, backlog500k } from "./backlog.ts";
import { drain1, drain2 } from "./drain.ts";
import { enqueue100, enqueueMany, enqueueOne } from "./enqueue.ts";
import { idle } from "./idle.ts";
import { memory } from "./memory.ts";
import { pickup } from "./pickup.ts";

/** Every scenario, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  enqueueOne,
  enqueue100,
  enqueueMany,
  drain1,
  drain2,
  pickup,
  backlog20k,
  backlog500k,
  idle,
  memory,
];
