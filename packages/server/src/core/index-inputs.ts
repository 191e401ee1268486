import type { IndexAnswer } from "../backend/index.ts";
import type { OpenedBackend } from "./opened-backend.ts";

/** What one round takes in, which is well under a second's work. */
const LIMIT = 10_000;
const KEEP_MS = 30 * 86_400_000;

/** Does one round of a backend's index of inputs, which is kept for 30 days after its last use; null where there is none. */
export async function indexInputs(opened: OpenedBackend): Promise<IndexAnswer | null> {
  const { indexInputs } = opened.maintenance;
  if (indexInputs === undefined) return null;
  return indexInputs({ limit: LIMIT, keepFor: KEEP_MS, now: opened.clock.now() });
}
