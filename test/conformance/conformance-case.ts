import type { Backend } from "@taskwright/server/backend";
import type { StoreFixture } from "./store-fixture.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** A facet that a backend may lack. */
export type Facet =
  | "leases"
  | "delivery"
  | "maintenance"
  | "inspector"
  | "wakeups"
  | "readTime"
  | "transactions"
  | "outbox"
  | "schedules";

/** One promise, named by the behaviour that a user of the seam would see. */
export interface ConformanceCase<Subject = StoreUnderTest> {
  /** Unique in the suite: a skip names it. */
  readonly name: string;
  /** What it cannot be shown without; a backend or fixture that lacks it skips the case with that reason. */
  readonly needs?: readonly (
    | Facet
    | "transactions.runAttempt"
    | "transactions of the store"
    | "schedules.sync"
    | "results"
    | keyof StoreFixture
  )[];
  /** The defect of a seed library that this case keeps out; see features.md section 5.2. */
  readonly defect?: string;
  readonly timeoutMs?: number;
  readonly run: (subject: Subject) => Promise<void>;
}

/** Cases about one thing. */
export interface ConformanceSection<Subject = StoreUnderTest> {
  readonly title: string;
  /** The rows of DESIGN section 3 that it shows. */
  readonly rows: readonly string[];
  readonly cases: readonly ConformanceCase<Subject>[];
}

/** Why a case cannot run here, or undefined when it can. */
export function reasonToSkip(
  item: Pick<ConformanceCase, "needs">,
  backend: Backend,
  fixture: StoreFixture,
): string | undefined {
  for (const need of item.needs ?? []) {
    if (need in fixture) {
      const part = fixture[need as keyof StoreFixture];
      if ("none" in part) return part.none;
    } else if (need === "transactions.runAttempt") {
      if (backend.transactions?.runAttempt === undefined) return "runs no handlers in transactions";
    } else if (need === "transactions of the store") {
      if (backend.outbox !== undefined)
        return "gets what transactions enqueue through an outbox, where keys are not looked at: the first to arrive has the key";
    } else if (need === "schedules.sync") {
      if (backend.schedules?.sync === undefined) return "keeps no schedules beside QStash's";
    } else if (need === "results") {
      if (backend.delivery?.keepsResults === false) return "keeps no task results";
    } else if (backend[need as Facet] === undefined) return `has no ${need}`;
  }
  return undefined;
}

/** What the report is told of a test. */
export interface ConformanceMeta {
  readonly backend: string;
  readonly section: string;
  readonly rows: readonly string[];
  readonly defect?: string;
}

declare module "vitest" {
  interface TaskMeta {
    conformance?: ConformanceMeta;
  }
}
