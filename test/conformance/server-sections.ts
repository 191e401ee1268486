import type { ConformanceSection } from "./conformance-case.ts";
import { serverBackendsSection } from "./server-backends.ts";
import { serverBadInputSection } from "./server-bad-input.ts";
import { serverBuiltInTasksSection } from "./server-built-in-tasks.ts";
import { serverEventsSection } from "./server-events.ts";
import { serverExecutorSection } from "./server-executor.ts";
import { serverHandlersSection } from "./server-handlers.ts";
import { serverInputIndexSection } from "./server-input-index.ts";
import { serverInterleavingsSection } from "./server-interleavings.ts";
import { serverLeasesSection } from "./server-leases.ts";
import { serverOptionsSection } from "./server-options.ts";
import { serverOutagesSection } from "./server-outages.ts";
import { serverRequestKeysSection } from "./server-request-keys.ts";
import { serverResultsSection } from "./server-results.ts";
import { serverRetriesSection } from "./server-retries.ts";
import { serverSchedulesSection } from "./server-schedules.ts";
import { serverTransactionHandlersSection } from "./server-transaction-handlers.ts";
import { serverTransactionsSection } from "./server-transactions.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { serverWorkersSection } from "./server-workers.ts";

/** Every promise of servers and workers on a backend. */
export const SERVER_SECTIONS: readonly ConformanceSection<ServerUnderTest>[] = [
  serverResultsSection,
  serverRetriesSection,
  serverLeasesSection,
  serverInterleavingsSection,
  serverWorkersSection,
  serverTransactionsSection,
  serverTransactionHandlersSection,
  serverHandlersSection,
  serverEventsSection,
  serverOutagesSection,
  serverBackendsSection,
  serverExecutorSection,
  serverBuiltInTasksSection,
  serverSchedulesSection,
  serverBadInputSection,
  serverOptionsSection,
  serverRequestKeysSection,
  serverInputIndexSection,
];
