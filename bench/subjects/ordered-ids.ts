import { randomBytes } from "node:crypto";

/** Ids like UUIDv7: as long, unique, and in order of time, so that the index on them grows at its end. */
export class OrderedIds {
  readonly #suffix = randomBytes(4).toString("hex");
  #made = 0;

  next(now: number): string {
    const time = now.toString(16).padStart(12, "0");
    const serial = (this.#made++ % 2 ** 24).toString(16).padStart(7, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${serial.slice(0, 3)}-8${serial.slice(3, 6)}-${serial.slice(6)}000${this.#suffix}`;
  }
}
