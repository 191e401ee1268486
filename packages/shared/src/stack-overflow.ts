/** Tells the error of a call stack that ran out from the other RangeErrors, such as that of an invalid date. */
export function isStackOverflow(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /call stack|recursion/i.test(error.message) && /RangeError|InternalError/.test(error.name);
}
