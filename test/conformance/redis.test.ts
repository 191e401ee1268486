import { exerciseBackend } from "./exercise-backend.ts";
import { redisExercise, useRedis } from "./redis-cases.ts";

exerciseBackend({ name: "redis", service: await useRedis("redis"), ...redisExercise, skips: [] });
