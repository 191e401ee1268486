export {
  type CallLimitOptions,
  type ClientOptions,
  createTaskClient,
  type TaskTrpcClient,
  type TrpcClientOptions,
  type UrlClientOptions,
} from "./create-task-client.ts";
export type { ClientHeaders, ClientLink, ClientTransformer } from "./server-address.ts";
