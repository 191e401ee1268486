export { type ClientOptions, createTaskClient } from "./create-task-client.ts";
