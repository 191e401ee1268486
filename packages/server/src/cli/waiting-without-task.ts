import type { Finding, ListAnswer } from "../backend/index.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";

/** How many READY task results are looked at, the last enqueued first. */
const MOST_READY = 1_000;
/** How many task results are looked at to find those. */
const MOST_LOOKED = 10_000;
const PAGE = 100;
const MOST_PATHS = 10;

/** Paths that no task has, with how many READY task results were found of each; they are more where not all were seen. */
interface Strays {
  readonly byPath: ReadonlyMap<string, number>;
  readonly sawAll: boolean;
}

async function findStrays({ inspector }: OpenedBackend, isKnown: (path: string) => boolean): Promise<Strays> {
  const byPath = new Map<string, number>();
  let cursor: string | null = null;
  let seen = 0;
  let looked = 0;
  while (seen < MOST_READY && looked < MOST_LOOKED) {
    const page: ListAnswer = await inspector.list({
      filter: { statuses: ["READY"] },
      cursor,
      offset: 0,
      limit: PAGE,
      scanLimit: MOST_LOOKED - looked,
    });
    for (const { path } of page.records) if (!isKnown(path)) byPath.set(path, (byPath.get(path) ?? 0) + 1);
    seen += page.records.length;
    looked += Math.max(1, page.scan?.looked ?? PAGE);
    cursor = page.nextCursor;
    if (cursor === null) return { byPath, sawAll: true };
  }
  return { byPath, sawAll: false };
}

/**
 * Says of which paths READY task results wait that no task of a contract has, such as those of one that was renamed; null
 * for none. It looks at the 1,000 that were enqueued last, and says so where more are READY.
 */
export async function waitingWithoutTask(
  opened: OpenedBackend,
  isKnown: (path: string) => boolean,
): Promise<Finding | null> {
  if (opened.backend.inspector === undefined) return null;
  const { byPath, sawAll } = await findStrays(opened, isKnown);
  if (byPath.size === 0) {
    const message =
      "The READY ones that were enqueued last, up to 1,000, are of tasks of this contract; older ones were not looked at.";
    return sawAll ? null : { level: "ok", message };
  }
  const most = [...byPath].sort(([, left], [, right]) => right - left);
  const named = most.slice(0, MOST_PATHS).map(([path, count]) => `${count} READY of \`${path}\``);
  const more = most.length > MOST_PATHS ? ` and of ${most.length - MOST_PATHS} more paths` : "";
  const what = byPath.size === 1 ? "which this contract does not have" : "none of which this contract has";
  const message = `${sawAll ? "" : "At least "}${named.join(", ")}${more}, ${what}: this config's workers leave them READY. Run them with a contract that has the path, or cancel them.`;
  return { level: "warning", message };
}
