import type { Backend } from "@taskwright/server/backend";
import { describe } from "vitest";
import type { FoundService, MissingService } from "../harness/services.ts";
import { BACKEND_SECTIONS } from "./backend-sections.ts";
import type { ConformanceSection } from "./conformance-case.ts";
import { DeliveryBench } from "./delivery-bench.ts";
import type { BackendExercise } from "./exercise.ts";
import { closeQstash, makeQstash } from "./local-qstash.ts";
import { type OutboxPlace, withOutboxOn } from "./outbox-cases.ts";
import { registerSuite } from "./registered-suite.ts";
import { schedulesSection } from "./schedules.ts";
import { serverDeadLettersSection } from "./server-dead-letters.ts";
import { serverDeliveriesSection } from "./server-deliveries.ts";
import { serverDeliveriesDirectSection } from "./server-deliveries-direct.ts";
import { serverDeliveryFaultsSection } from "./server-delivery-faults.ts";
import { serverDeliveryRetriesSection } from "./server-delivery-retries.ts";
import { serverDeliverySchedulesSection } from "./server-delivery-schedules.ts";
import { serverDeliverySendingSection } from "./server-delivery-sending.ts";
import { serverDeliveryTransactionsSection } from "./server-delivery-transactions.ts";
import { SERVER_SECTIONS } from "./server-sections.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import { serverWebhookOutcomesSection } from "./server-webhook-outcomes.ts";
import type { StoreContext } from "./store-fixture.ts";
import { StoreUnderTest } from "./store-under-test.ts";
import { makeIdsWith } from "./task-ids.ts";

/** A store behind QStash. */
export interface QstashExercise {
  readonly store: string;
  readonly service?: FoundService | MissingService;
  readonly open: (context: StoreContext) => Promise<Backend>;
  readonly remove?: ((context: StoreContext) => Promise<void>) | undefined;
  readonly callers?: BackendExercise["callers"];
}

const ALONE = { none: "is shown by the store without QStash before it" };
const SHOWN_ALONE = { processes: ALONE, unstorable: ALONE, breakage: ALONE, footprint: ALONE };

/** What every backend with deliveries promises. */
const DELIVERY_SECTIONS: readonly ConformanceSection<DeliveryBench>[] = [
  serverDeliveriesSection,
  serverDeliveryRetriesSection,
  serverDeliverySendingSection,
  serverDeliveryFaultsSection,
  serverWebhookOutcomesSection,
  serverDeadLettersSection,
  serverDeliveryTransactionsSection,
  serverDeliverySchedulesSection,
];

function backendExercise({ store, service, open, remove, callers }: QstashExercise): BackendExercise {
  return {
    name: `qstash, with ${store} as its store`,
    ...(service === undefined ? {} : { service }),
    open: async (context) => opened(makeQstash(context, await open(context))),
    remove: async (context) => {
      closeQstash(context);
      await remove?.(context);
    },
    callers: callers ?? { none: "keeps task results apart from the caller's data; see the outbox" },
    ...SHOWN_ALONE,
    skips: [],
  };
}

async function opened(backend: Backend): Promise<Backend> {
  await backend.open();
  return backend;
}

function register(exercise: BackendExercise, sections: readonly ConformanceSection<DeliveryBench>[]): void {
  describe(exercise.name, () => {
    registerSuite<DeliveryBench>(exercise, {
      sections,
      run: async (store, item) => {
        await using bench = new DeliveryBench(store);
        await item.run(bench);
      },
    });
  });
}

/** Holds QStash, with a store, to what deliveries promise. */
export function exerciseQstash(given: QstashExercise): void {
  register(backendExercise(given), DELIVERY_SECTIONS);
}

/** Holds QStash, with a store, to what servers promise without workers. */
export function exerciseQstashServers(given: QstashExercise): void {
  const exercise = backendExercise(given);
  const withoutWorkers = SERVER_SECTIONS.map((section) => ({
    ...section,
    cases: section.cases.filter(({ needs = [] }) => !needs.includes("leases")),
  }));
  describe(exercise.name, () => {
    registerSuite<ServerUnderTest>(exercise, {
      sections: withoutWorkers.filter(({ cases }) => cases.length > 0),
      run: async (store, item) => {
        await using subject = new ServerUnderTest(store);
        await item.run(subject);
      },
    });
  });
}

/** Holds QStash without a store to what then is left. */
export function exerciseQstashAlone(): void {
  const exercise: BackendExercise = {
    name: "qstash, without a store",
    open: async (context) => opened(makeQstash(context)),
    remove: async (context) => closeQstash(context),
    callers: { none: "keeps no task results, and needs an outbox for transactions" },
    ...SHOWN_ALONE,
    skips: [],
  };
  register(exercise, [serverDeliveriesDirectSection]);
}

/** Holds QStash with an outbox in a database to what it promises of transactions. */
export function exerciseQstashOutbox(place: OutboxPlace, store?: () => Backend): void {
  const exercise = withOutboxOn(place, {
    name: store === undefined ? "qstash, without a store" : "qstash, with memory as its store",
    open: (context, outbox) => makeQstash(context, store?.(), { outbox }),
    remove: async (context) => closeQstash(context),
  });
  register(exercise, [serverDeliveryTransactionsSection]);
}

/** Holds what is behind QStash to every promise of the seam, claimed by hand as deliveries do. */
export function exerciseQstashStore(given: QstashExercise): void {
  const { open, ...exercise } = backendExercise(given);
  const lent = {
    ...exercise,
    skips: [
      "100,000 unknown tasks at the head of the line slow no claim",
      "100,000 tasks of another queue at the head of the line slow no claim",
      "5,000 other queues slow no claim",
      "a page that is told no bound looks at 10,000 task results",
    ].map((name) => ({
      case: name,
      reason: "lets thousands of messages wait in one local QStash; its store shows it",
    })),
    name: `${exercise.name}, without deliveries`,
    open: async (context: StoreContext) => {
      const backend = await open(context);
      return backend.delivery === undefined ? backend : { ...backend, leases: backend.delivery.leases };
    },
  };
  describe(lent.name, () => {
    registerSuite<StoreUnderTest>(lent, {
      // Ticks are QStash's own; see server-delivery-schedules.ts.
      sections: BACKEND_SECTIONS.filter((section) => section !== schedulesSection),
      run: async (store, item) => {
        makeIdsWith({ store: store.backend.store });
        await item.run(new StoreUnderTest(store));
      },
    });
  });
}
