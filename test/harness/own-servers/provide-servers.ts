import { findService, notStartedVariable, serviceVariable } from "../services.ts";
import { mariadbRecipes } from "./mariadb-recipes.ts";
import { OwnServer, type Recipe } from "./own-server.ts";
import { POSTGRES_PACKAGE, postgresRecipes } from "./postgres-recipes.ts";
import { redisRecipes, valkeyRecipes } from "./redis-recipes.ts";

/** A server that the tests can start themselves. */
interface ServerKind {
  /** Every way to get it on this machine, the best first. */
  readonly recipes: () => readonly Recipe[];
  /** What is said where there is none. */
  readonly nowhere: string;
}

/** The servers that the tests can start themselves, by their names in services.ts. */
const OWN_SERVERS = {
  postgres: {
    recipes: () => postgresRecipes(),
    nowhere: `no server is in /usr/lib/postgresql or in PATH, and the npm package ${POSTGRES_PACKAGE} is not installed`,
  },
  mariadb: {
    recipes: () => mariadbRecipes(),
    nowhere: "mariadbd and mariadb-install-db are neither in /usr/sbin and /usr/bin nor in PATH",
  },
  redis: {
    recipes: () => redisRecipes(),
    nowhere: "neither redis-server nor valkey-server is in /usr/bin, /usr/local/bin or PATH",
  },
  valkey: {
    recipes: () => valkeyRecipes(),
    nowhere: "valkey-server is not in /usr/bin, /usr/local/bin or PATH",
  },
} as const satisfies Record<string, ServerKind>;

/** A server that the tests can start themselves. */
export type OwnServerName = keyof typeof OWN_SERVERS;

const NAMES = Object.keys(OWN_SERVERS) as OwnServerName[];

/** The servers of one run of the tests. */
export interface ProvidedServers {
  readonly started: ReadonlyMap<OwnServerName, OwnServer>;
  /** Ends them, and removes their data. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts each server that the tests can start themselves and that is not there: that neither its environment variable
 * names nor its standard port has. Writes into `environment` where the started ones are, and why others could not be
 * started, for {@link findService} in the processes of the tests.
 */
export async function provideServers(
  environment: NodeJS.ProcessEnv,
  options: {
    readonly names?: readonly OwnServerName[];
    /** Instead of the standard ports. */
    readonly ports?: Partial<Record<OwnServerName, number>>;
    readonly recipes?: Partial<Record<OwnServerName, readonly Recipe[]>>;
  } = {},
): Promise<ProvidedServers> {
  const started = new Map<OwnServerName, OwnServer>();
  const provide = async (name: OwnServerName): Promise<void> => {
    // A named one that does not answer is a failure, which another one would hide.
    if (environment[serviceVariable(name)]) return;
    if ((await findService(name, environment, options.ports?.[name])).found) return;
    try {
      const server = await startServer(name, options.recipes?.[name]);
      started.set(name, server);
      environment[serviceVariable(name)] = server.url;
    } catch (error) {
      environment[notStartedVariable(name)] = (error as Error).message;
    }
  };
  await Promise.all((options.names ?? NAMES).map(provide));
  const stop = async () => {
    await Promise.all([...started.values()].map((server) => server.remove()));
  };
  return { started, stop };
}

/** Starts a server of one's own in the first way that works; rejects with what was wrong with each. */
export async function startServer(
  name: OwnServerName,
  recipes: readonly Recipe[] = OWN_SERVERS[name].recipes(),
): Promise<OwnServer> {
  const problems: string[] = [];
  for (const recipe of recipes) {
    try {
      return await OwnServer.start(recipe);
    } catch (error) {
      problems.push(`${recipe.source}: ${(error as Error).message}`);
    }
  }
  throw new Error(problems.length > 0 ? problems.join("; ") : OWN_SERVERS[name].nowhere);
}
