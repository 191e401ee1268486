import { TaskError } from "./errors/task-error.ts";
import { quoted } from "./quoted-name.ts";

const NAMES = [
  "then",
  "catch",
  "finally",
  "call",
  "apply",
  "bind",
  "delay",
  "applyAsync",
  "enqueue",
  "enqueueMany",
  "using",
  "result",
  "schedule",
  "use",
  "context",
  "transactionClient",
  "toJSON",
  "toString",
  "valueOf",
  "constructor",
  "prototype",
  "__proto__",
] as const;

/** Names that no task and no router may have, at any level: the client, `implement()` or JavaScript itself means something by them. */
export type ReservedName = (typeof NAMES)[number];

/** Every {@link ReservedName}. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(NAMES);

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** The longest task path, in characters: it is a column of fixed width in some stores. */
export const MAX_PATH_LENGTH = 200;

/** Throws INVALID_CONTRACT unless the name can be a task's or router's; `parent` is the path it stands under. */
export function checkTaskName(name: string, parent: string): void {
  const where = parent === "" ? "" : ` under ${quoted(parent)}`;
  if (RESERVED_NAMES.has(name)) {
    throw new TaskError({
      code: "INVALID_CONTRACT",
      message: `${quoted(name)}${where} is a reserved name; no task or router can be called that.`,
    });
  }
  if (!NAME.test(name)) {
    const shown = name === "" ? "An empty name" : quoted(name);
    throw new TaskError({
      code: "INVALID_CONTRACT",
      message: `${shown}${where} cannot name a task or router: use letters, digits, "_" and "-", starting with a letter or "_".`,
    });
  }
  const path = joinPath(parent, name);
  if (path.length > MAX_PATH_LENGTH) {
    throw new TaskError({
      code: "INVALID_CONTRACT",
      message: `The task path ${quoted(path)} is longer than ${MAX_PATH_LENGTH} characters; use shorter names or fewer levels.`,
    });
  }
}

/** Joins a parent path and a name. */
export function joinPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}
