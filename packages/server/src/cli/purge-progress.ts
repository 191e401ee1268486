import type { AnyRouter } from "@taskwright/shared";
import { SingleBar } from "cli-progress";
import type { PurgeOptions } from "../core/upkeep.ts";
import type { TaskServer } from "../create-task-server.ts";
import type { CliIo } from "./cli-io.ts";

/** Purges, with a progress bar on stderr where that is a terminal; resolves to how many. */
export async function purgeWithProgress(
  io: CliIo,
  server: TaskServer<AnyRouter>,
  options: PurgeOptions,
): Promise<number> {
  const { executor } = server;
  if (io.stderr.isTTY !== true || options.dryRun === true) return executor.purge(options);
  const total = await executor.purge({ ...options, dryRun: true });
  if (total <= (options.batchSize ?? 1_000)) return executor.purge(options);
  const bar = new SingleBar({
    stream: io.stderr as NodeJS.WriteStream,
    format: "{bar} {percentage} % | {value} of {total} deleted | {duration_formatted}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    // Its own would swallow Ctrl-C; batches are whole either way, and the cursor is never hidden.
    gracefulExit: false,
  });
  bar.start(total, 0);
  try {
    return await executor.purge({
      ...options,
      onProgress: (purged) => {
        // Others may finish meanwhile.
        if (purged > bar.getTotal()) bar.setTotal(purged);
        bar.update(purged);
      },
    });
  } finally {
    bar.stop();
  }
}
