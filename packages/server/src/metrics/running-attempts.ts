/** Of attempts whose end nobody tells, as their handlers ignored that they were to stop, no more than these are kept. */
const MOST_KEPT = 10_000;

/** An attempt that runs in this process. */
interface RunningAttempt<TLabels> {
  readonly id: string;
  readonly attempt: number;
  readonly labels: TLabels;
  readonly startedAt: number;
}

/** Attempts that run, by task result and number, so that each end has a duration and is counted once. */
export class RunningAttempts<TLabels> {
  readonly #attempts = new Map<string, RunningAttempt<TLabels>>();

  /** Notes a beginning; returns what had to be forgotten for it. */
  begin(id: string, attempt: number, labels: TLabels): { readonly labels: TLabels } | undefined {
    this.#attempts.set(`${id} ${attempt}`, { id, attempt, labels, startedAt: performance.now() });
    const [oldest] = this.#attempts;
    if (this.#attempts.size <= MOST_KEPT || oldest === undefined) return undefined;
    this.#attempts.delete(oldest[0]);
    return oldest[1];
  }

  /** Takes an attempt out; undefined for one whose beginning was not seen, or whose end was seen before. */
  end(id: string, attempt: number): { readonly labels: TLabels; readonly seconds: number } | undefined {
    const name = `${id} ${attempt}`;
    const running = this.#attempts.get(name);
    if (running === undefined) return undefined;
    this.#attempts.delete(name);
    return { labels: running.labels, seconds: (performance.now() - running.startedAt) / 1_000 };
  }

  /** The number of a task result's last attempt that runs here; undefined when none does. */
  attemptOf(id: string): number | undefined {
    let last: number | undefined;
    for (const running of this.#attempts.values()) if (running.id === id) last = running.attempt;
    return last;
  }
}
