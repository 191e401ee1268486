import { writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { join } from "node:path";

const SAMPLE_EVERY_US = 200;

/** Runs something and writes a CPU profile of just that; without a folder it only runs it. */
export async function profiled<T>(folder: string | null, name: string, run: () => Promise<T>): Promise<T> {
  if (folder === null) return run();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_US });
  await session.post("Profiler.start");
  try {
    return await run();
  } finally {
    const { profile } = await session.post("Profiler.stop");
    await writeFile(join(folder, `${name}-${process.pid}-${Date.now()}.cpuprofile`), JSON.stringify(profile));
    session.disconnect();
  }
}
