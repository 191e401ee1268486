import { TaskError } from "@taskwright/shared";

/** What stands before the names of procedures whose router hangs at `path`; throws INVALID_OPTION, naming `what` takes it. */
export function prefixOf(path: unknown, what: string): string {
  if (path === undefined || path === "") return "";
  if (typeof path === "string" && /^[^.\s/]+(\.[^.\s/]+)*$/.test(path)) return `${path}.`;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${what} takes path as names joined by dots, such as "background".`,
    data: { option: "path" },
  });
}
