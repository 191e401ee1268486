import { afterAll } from "vitest";
import { redisRecipes } from "../harness/own-servers/redis-recipes.ts";
import { missingService } from "../harness/services.ts";
import { exerciseBackend } from "./exercise-backend.ts";
import { clusterExercise, formCluster } from "./redis-cluster-cases.ts";

// What is installed and forms no cluster is a failure.
const cluster = redisRecipes().length === 0 ? null : await formCluster();
afterAll(() => cluster?.stop());

const service = missingService("redis", "no redis-server is installed to form a cluster of");
exerciseBackend({
  name: "redis-cluster",
  ...(cluster === null ? { service } : {}),
  ...clusterExercise(cluster),
  skips: [
    {
      case: "whatever a killed process was told is stored, is stored; nothing is stored by halves",
      reason:
        "a batch is atomic per partition, which are in several slots; that what was acknowledged is stored is shown in redis-cluster-failover.test.ts",
    },
  ],
});
