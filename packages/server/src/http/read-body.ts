/** A body that was not taken, with the HTTP status that says why. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly status: 400 | 408 | 413 | 415;

  constructor(status: BodyRefused["status"], message: string) {
    super(message);
    this.status = status;
  }
}

/** Limits of a body. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

function tooLarge({ maxBytes }: BodyLimits): BodyRefused {
  return new BodyRefused(413, `The body must have at most ${maxBytes} bytes.`);
}

/** Reads a request's body as it was sent; rejects with {@link BodyRefused}, before all of it is read where it can. */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  if (request.bodyUsed)
    throw new BodyRefused(
      400,
      "The body has been read before; hand the request on unread, before any body parser.",
    );
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity")
    throw new BodyRefused(415, "The body must not be compressed.");
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > limits.maxBytes) throw tooLarge(limits);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  let stopTimer = () => {};
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      reject(new BodyRefused(408, `The body did not arrive within ${limits.timeoutMs / 1_000} s.`));
    }, limits.timeoutMs);
    stopTimer = () => clearTimeout(timer);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      size += value.byteLength;
      if (size > limits.maxBytes) throw tooLarge(limits);
      parts.push(value);
    }
  } catch (error) {
    // Whoever sends may go on for ever; nobody waits for the end of that.
    reader.cancel().catch(() => undefined);
    if (error instanceof BodyRefused) throw error;
    throw new BodyRefused(400, "The body ended before all of it had arrived.");
  } finally {
    stopTimer();
  }
  return Buffer.concat(parts);
}
