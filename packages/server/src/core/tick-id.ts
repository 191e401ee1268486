import type { Host } from "./host.ts";

/** The id of the task that a schedule enqueues for one of its times: a UUIDv7 of that time, the same wherever it is made. */
export function tickId(host: Pick<Host, "sha256">, scheduleId: string, tick: number): string {
  const time = Math.max(0, tick).toString(16).padStart(12, "0");
  const hash = host.sha256(`tick\0${scheduleId}\0${tick}`);
  const variant = (8 + (Number.parseInt(hash.slice(3, 4), 16) % 4)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
