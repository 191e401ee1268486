import { dirname } from "node:path";
import type { AnyRouter } from "@taskwright/shared";
import type { UnclaimedLogger } from "../core/logger.ts";
import type { TaskServer } from "../create-task-server.ts";
import { defaultLogger } from "../default-logger.ts";
import type { CliIo } from "./cli-io.ts";
import { findConfigFile } from "./config-file.ts";
import { loadServer } from "./load-server.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly verbose?: boolean;
}

/** The server of a config file, and where that is. */
export interface ConfiguredServer {
  readonly path: string;
  readonly server: TaskServer<AnyRouter>;
}

/** What commands share in one run of the command line. */
export interface CliApp {
  readonly io: CliIo;
  readonly globals: GlobalOptions;
  /** What the command that ran wants to end with. */
  exitCode: number;
  /**
   * Finds the config and loads its server; throws ConfigError.
   *
   * A config that was found is worked with in its own folder, so that a relative database file is the same one wherever
   * the command is started; one that was named leaves the folder as it is.
   */
  loadServer(): Promise<ConfiguredServer>;
  /** Runs a command on the config's server and closes that afterwards; what the command returns is the exit code. */
  withServer(command: (server: TaskServer<AnyRouter>) => Promise<number>): Promise<void>;
}

/** Makes what the commands of one run share. */
export function createApp(io: CliIo, readGlobals: () => GlobalOptions): CliApp {
  const app: CliApp = {
    io,
    get globals() {
      return readGlobals();
    },
    exitCode: 0,
    loadServer: async () => {
      const { path, wasNamed } = findConfigFile(io.currentFolder(), app.globals.config);
      if (!wasNamed) io.changeFolder(dirname(path));
      return { path, server: await loadServer(path) };
    },
    withServer: async (command) => {
      const { server } = await app.loadServer();
      // What a command does it says itself; only trouble is said as elsewhere.
      (server["~engine"].logger as Partial<UnclaimedLogger>)["~sendTo"]?.(defaultLogger);
      try {
        app.exitCode = await command(server);
      } catch (error) {
        // What went wrong first is what the user should hear of.
        await server.close().catch(() => undefined);
        throw error;
      }
      await server.close();
    },
  };
  return app;
}
