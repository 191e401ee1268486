/** A request that is answered with an error: `{"error": message}`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A value that cannot be meant. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

/** A value that a limit of this server forbids. */
export function overQuota(message: string): ApiError {
  return new ApiError(412, message);
}

/** Something that is not there. */
export function notFound(message: string): ApiError {
  return new ApiError(404, message);
}
