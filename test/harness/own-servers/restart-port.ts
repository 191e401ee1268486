import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

// Below what systems give to outgoing connections. One of those could take the port of a server that is down, and a
// client that tries again and again to reach it there can even be connected to itself.
const [LOWEST, HIGHEST] = [12_000, 22_000];
const MOST_TRIES = 200;

/** A free port of 127.0.0.1 that stays free while its server is down; so are those at the given distances above it, of at most 10,000. */
export async function freeRestartPort(distances: readonly number[] = []): Promise<number> {
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    const port = randomInt(LOWEST, HIGHEST);
    const needed = [port, ...distances.map((distance) => port + distance)];
    if ((await Promise.all(needed.map(isFree))).every((free) => free)) return port;
  }
  throw new Error(`No port from ${LOWEST} to ${HIGHEST} is free.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
