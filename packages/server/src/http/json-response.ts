import type { TaskErrorCode } from "@taskwright/shared";

/** The `code` of an error that endpoints answer with: a task's error, or one of HTTP. */
export type HttpErrorCode = TaskErrorCode | "UNAUTHORIZED" | "FORBIDDEN" | "NOT_FOUND" | "METHOD_NOT_ALLOWED";

/** An answer in JSON that no cache keeps. */
export function jsonResponse(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** The answer to what went wrong: a sentence for people and a code for programs, and nothing of stacks and inputs. */
export function errorResponse(
  status: number,
  error: { readonly code: HttpErrorCode; readonly message: string; readonly reason?: string | undefined },
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { code, message, reason } = error;
  return jsonResponse(status, { error: message, code, ...(reason === undefined ? {} : { reason }) }, headers);
}
