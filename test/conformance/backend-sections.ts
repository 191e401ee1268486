import { cancelSection } from "./cancel.ts";
import { claimSection } from "./claim.ts";
import { claimOrderSection } from "./claim-order.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { countingSection } from "./counting.ts";
import { crashesSection } from "./crashes.ts";
import { deduplicationSection } from "./deduplication.ts";
import { enqueueSection } from "./enqueue.ts";
import { expirySection } from "./expiry.ts";
import { inputFiltersSection } from "./input-filters.ts";
import { inputIndexSection } from "./input-index.ts";
import { lanesSection } from "./lanes.ts";
import { leasesSection } from "./leases.ts";
import { lifecycleSection } from "./lifecycle.ts";
import { listingSection } from "./listing.ts";
import { payloadsSection } from "./payloads.ts";
import { processesSection } from "./processes.ts";
import { progressSection } from "./progress.ts";
import { purgeSection } from "./purge.ts";
import { racesSection } from "./races.ts";
import { releaseSection } from "./release.ts";
import { requeueSection } from "./requeue.ts";
import { schedulesSection } from "./schedules.ts";
import { settleSection } from "./settle.ts";
import { sweepSection } from "./sweep.ts";
import { timeSection } from "./time.ts";
import { wakeupsSection } from "./wakeups.ts";

/** Every promise of the seam, in the order in which a new backend best makes them green. */
export const BACKEND_SECTIONS: readonly ConformanceSection[] = [
  enqueueSection,
  payloadsSection,
  deduplicationSection,
  cancelSection,
  claimSection,
  claimOrderSection,
  lanesSection,
  settleSection,
  leasesSection,
  releaseSection,
  progressSection,
  sweepSection,
  expirySection,
  requeueSection,
  purgeSection,
  listingSection,
  inputFiltersSection,
  inputIndexSection,
  countingSection,
  schedulesSection,
  wakeupsSection,
  timeSection,
  lifecycleSection,
  racesSection,
  processesSection,
  crashesSection,
];
