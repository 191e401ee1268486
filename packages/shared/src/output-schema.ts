import { TaskError } from "./errors/task-error.ts";
import { findOneWayStep } from "./one-way-schema.ts";
import { quoted } from "./quoted-name.ts";

/**
 * Throws INVALID_CONTRACT when an output schema cannot be run backwards, so that what it checks could not be stored.
 *
 * Checked when the schema is given and, as it may refer to schemas declared later, again for the task at its `path`.
 */
export function checkOutputSchema(schema: unknown, path?: string): void {
  const step = findOneWayStep(schema);
  if (step === undefined || step.kind === "deferred") return;
  const whose = path === undefined ? "" : ` of ${quoted(path)}`;
  throw new TaskError({
    code: "INVALID_CONTRACT",
    message: `The output schema${whose} cannot be stored and read back: ${step.path}: ${step.reason}.`,
  });
}
