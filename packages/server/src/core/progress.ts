import { findJsonProblem, isLargerThan, PayloadError } from "@taskwright/shared";

const MAX_PROGRESS_BYTES = 16 * 1024;

function refuse(path: string, message: string, code: string): PayloadError {
  return new PayloadError({
    message: `${path}: ${message}`,
    data: { task: path, side: "output", issues: [{ path: [], message, code }] },
  });
}

function tooLarge(path: string): PayloadError {
  return refuse(path, `progress has more than ${MAX_PROGRESS_BYTES} bytes as JSON`, "too_large");
}

/** Turns a progress value into JSON text of at most 16 KB; throws PayloadError. */
export function encodeProgress(path: string, value: unknown): string {
  const problem = findJsonProblem(value, "progress", MAX_PROGRESS_BYTES);
  if (problem?.code === "too_large") throw tooLarge(path);
  if (problem !== undefined) throw refuse(path, `${problem.path} ${problem.problem}`, problem.code);
  if (value === undefined)
    throw refuse(
      path,
      "progress must be a number or another JSON-safe value; got undefined",
      "not_json_safe",
    );
  const text = JSON.stringify(value);
  if (isLargerThan(text, MAX_PROGRESS_BYTES)) throw tooLarge(path);
  return text;
}
