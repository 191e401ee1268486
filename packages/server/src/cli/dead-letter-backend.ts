import type { AnyRouter } from "@taskwright/shared";
import type { OpenedBackend } from "../core/opened-backend.ts";
import type { TaskServer } from "../create-task-server.ts";
import type { CliIo } from "./cli-io.ts";
import { singleLine } from "./terminal-text.ts";

/** Which backend's dead letters are meant. */
export interface DeadLetterTarget {
  readonly backend?: string;
}

/** What `--backend` of the commands for dead letters says. */
export const DEAD_LETTER_BACKEND = "the backend to look in (default: the first that has dead letters)";

/** The named backend, else the first that has dead letters, else "default", which then says that it has none. */
export async function deadLetterBackend(
  server: TaskServer<AnyRouter>,
  { backend }: DeadLetterTarget,
): Promise<OpenedBackend> {
  const engine = server["~engine"];
  const able = [...engine.backends.values()].find((opened) => opened.backend.deadLetters !== undefined);
  const chosen = backend === undefined ? (able ?? engine.backend("default")) : engine.backend(backend);
  await chosen.use();
  return chosen;
}

/** Says that there is no dead letter of this id; gives the exit code. */
export function sayNoDeadLetter(io: CliIo, id: string): number {
  io.stderr.write(
    `There is no dead letter ${singleLine(id, 100)}. \`taskwright dead-letters list\` shows the ones there are.\n`,
  );
  return 1;
}
