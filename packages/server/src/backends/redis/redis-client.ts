/** The parts of a client of ioredis that the backend uses. */
export interface GivenRedisClient {
  // biome-ignore lint/suspicious/noExplicitAny: as ioredis declares it
  call(command: string, args: any[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: of a Redis and of a Cluster, which take other things
  duplicate(...options: any[]): any;
  // biome-ignore lint/suspicious/noExplicitAny: as ioredis declares it
  pipeline(commands?: any[]): any;
  // biome-ignore lint/suspicious/noExplicitAny: as ioredis declares it
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as ioredis declares it
  off(event: string, listener: (...args: any[]) => void): unknown;
  disconnect(reconnect?: boolean): void;
  readonly options?: { readonly keyPrefix?: string | undefined };
  readonly isCluster?: boolean;
}

/** A client as the facets see it. */
export interface RedisClient extends Omit<GivenRedisClient, "call" | "pipeline"> {
  call(command: string, args: readonly (string | number)[]): Promise<unknown>;
  pipeline(commands: readonly (readonly (string | number)[])[]): {
    exec(): Promise<(readonly [Error | null, unknown])[] | null>;
  };
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  nodes?(role: "master"): readonly RedisClient[];
}
