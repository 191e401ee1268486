import { findJsonProblem, isLargerThan, PayloadError } from "@taskwright/shared";

/** As much as a server takes. */
const MAX_PROGRESS_BYTES = 16 * 1024;

function refused(path: string, message: string, code: string): PayloadError {
  return new PayloadError({
    message: `${path}: ${message}.`,
    data: { task: path, side: "output", issues: [{ path: [], message, code }] },
  });
}

/** What the frontend gets of a progress; throws PAYLOAD_ERROR for what a server would refuse. */
export function carriedProgress(path: string, value: unknown): unknown {
  if (value === undefined)
    throw refused(
      path,
      "progress must be a number or another JSON-safe value; got undefined",
      "not_json_safe",
    );
  const problem = findJsonProblem(value, "progress", MAX_PROGRESS_BYTES);
  if (problem !== undefined && problem.code !== "too_large")
    throw refused(path, `${problem.path} ${problem.problem}`, problem.code);
  const text = problem === undefined ? JSON.stringify(value) : "";
  if (problem !== undefined || isLargerThan(text, MAX_PROGRESS_BYTES))
    throw refused(path, `progress has more than ${MAX_PROGRESS_BYTES} bytes as JSON`, "too_large");
  return JSON.parse(text);
}
