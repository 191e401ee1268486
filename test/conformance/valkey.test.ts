import { exerciseBackend } from "./exercise-backend.ts";
import { redisExercise, useRedis } from "./redis-cases.ts";

exerciseBackend({ name: "valkey", service: await useRedis("valkey"), ...redisExercise, skips: [] });
