import { HeldHost } from "@taskwright/server/testing";

/** A machine whose clock stands still until a test moves it, and is put right or wrong when a test says so. */
export class FakeHost extends HeldHost {
  override readonly processName = "fake-host-1";
  /** Changes new ids, for a store where they say in which part of it something is kept. */
  placeId: (id: string) => string = (id) => id;
  #correction = 0;

  override wallTime(): number {
    return super.wallTime() + this.#correction;
  }

  override newId(): string {
    return this.placeId(super.newId());
  }

  /** Sets the clock, as a correction of the time does; no time passes. */
  setClock(ms: number): void {
    this.#correction += ms;
  }
}
