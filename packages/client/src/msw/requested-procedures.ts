import { TaskError } from "@taskwright/shared";

/** The URL of a tRPC server, and which of its procedures requests name. */
export class ProcedureUrl {
  /** Its path, without a slash at the end. */
  readonly endpoint: string;
  /** As it was given, or null for any. */
  readonly #origin: string | null;

  /** Throws INVALID_OPTION unless it is a URL, or the path of one. */
  constructor(url: unknown) {
    if (
      typeof url !== "string" ||
      !(url.startsWith("/") || /^https?:\/\//.test(url)) ||
      !URL.canParse(url, "http://any")
    )
      throw new TaskError({
        code: "INVALID_OPTION",
        message:
          'mockTasks() takes url as that of the tRPC server, such as "http://localhost/api/trpc" or "/api/trpc".',
        data: { option: "url" },
      });
    const { origin, pathname } = new URL(url, "http://any");
    this.endpoint = pathname.replace(/\/$/, "");
    this.#origin = url.startsWith("/") ? null : origin;
  }

  /** The procedures that a request to here names; none for one to elsewhere. */
  proceduresOf(request: Request): readonly string[] {
    const { origin, pathname, searchParams } = new URL(request.url);
    if (this.#origin !== null && this.#origin !== origin) return [];
    if (!pathname.startsWith(`${this.endpoint}/`)) return [];
    let names: string;
    try {
      names = decodeURIComponent(pathname.slice(this.endpoint.length + 1));
    } catch {
      // A % that begins no escape is in the name of no procedure.
      return [];
    }
    return searchParams.get("batch") === "1" ? names.split(",") : [names];
  }
}
