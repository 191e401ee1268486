/** Ends a timer; safe to call twice and after it has fired. */
export type CancelTimer = () => void;

/** What the engine needs of the machine it runs on: injected, so that tests hold the clock. */
export interface Host {
  /** The machine's clock in epoch milliseconds; may jump. */
  wallTime(): number;
  /** Milliseconds that never jump, from any origin. */
  monotonicTime(): number;
  /** Calls back once after `ms`; keeps the process alive only when told to. */
  setTimer(ms: number, callback: () => void, options?: { readonly keepAlive: boolean }): CancelTimer;
  /** Calls back when the present turn of the event loop is over. */
  defer(callback: () => void): void;
  /** Calls a function outside of whatever is going on, such as a request whose context its callees would see. */
  outside<T>(work: () => T): T;
  /** A new UUIDv7. */
  newId(): string;
  /** SHA-256 of the text's UTF-8 form, as lower-case hex. */
  sha256(text: string): string;
  /** Names this process among all that share a store. */
  readonly processName: string;
}
