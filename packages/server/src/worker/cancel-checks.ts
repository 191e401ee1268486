import type { CancelTimer, Host } from "../core/host.ts";
import type { LeaseKeeper } from "../core/lease-keeper.ts";

const CHECK_AFTER_MS = 50;

/** Asks the store for cancels of what this worker holds, soon after a wake says that there is one. */
export class CancelChecks {
  readonly #host: Host;
  readonly #keeper: LeaseKeeper;
  #timer: CancelTimer | null = null;
  #wokenWhileClaiming = false;

  constructor(host: Host, keeper: LeaseKeeper) {
    this.#host = host;
    this.#keeper = keeper;
  }

  /** Somebody has asked for a cancel, perhaps of what a claim on its way will bring. */
  wake(isClaiming: boolean): void {
    if (isClaiming) this.#wokenWhileClaiming = true;
    if (this.#keeper.size > 0) this.#checkSoon();
  }

  /** A claim has brought what it brings. */
  claimed(): void {
    if (this.#wokenWhileClaiming) this.#checkSoon();
    this.#wokenWhileClaiming = false;
  }

  #checkSoon(): void {
    this.#timer ??= this.#host.setTimer(CHECK_AFTER_MS, () => {
      this.#timer = null;
      void this.#keeper.refresh();
    });
  }
}
