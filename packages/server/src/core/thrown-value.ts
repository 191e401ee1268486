/** Reads a property of whatever a handler threw; undefined where a getter or proxy of the user's throws itself. */
export function readThrown(thrown: unknown, key: string): unknown {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  try {
    return (thrown as Readonly<Record<string, unknown>>)[key];
  } catch {
    // It must not hide the failure that it belongs to.
    return undefined;
  }
}

/** Whether it is an `Error`; one that cannot be looked at is none. */
export function isThrownError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    // A proxy may refuse to tell its prototype.
    return false;
  }
}
