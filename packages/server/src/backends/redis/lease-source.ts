import type { TaskStatus } from "@taskwright/shared";
import type { Lease, LeaseSource, Settlement, SettleOutcome } from "../../backend/index.ts";
import { claim } from "./claim.ts";
import type { StoreHandle } from "./opened-store.ts";
import { BEGIN, PROGRESS, RENEW } from "./scripts/leases.ts";
import { RELEASE } from "./scripts/release.ts";
import { SETTLE } from "./scripts/settle.ts";

/** What becomes of an attempt, in one text: see scripts/settle.ts. */
function settlementText(settlement: Settlement): string {
  switch (settlement.status) {
    case "SUCCESSFUL":
      return settlement.output === null ? "S" : `O${settlement.output}`;
    case "READY": {
      const { runAfter, rank, error } = settlement;
      return `R${runAfter} ${rank} ${JSON.stringify(error)}`;
    }
    case "FAILED":
      return `${settlement.started ? "F" : "N"}${JSON.stringify(settlement.error)}`;
    case "CANCELLED":
      return `C${settlement.error === null ? "" : JSON.stringify(settlement.error)}`;
  }
}

function isEnd(status: string | undefined): boolean {
  return status !== undefined && status !== "" && status !== "READY";
}

const LOST: SettleOutcome = { outcome: "lease-lost" };

function idOfLease({ lease }: { readonly lease: Lease }): string {
  return lease.id;
}

/** The lease facet on Redis: every operation compares the token inside its script. */
export function redisLeaseSource(handle: StoreHandle): LeaseSource {
  return {
    claim: (request) => claim(handle, request),

    begin: async ({ items }) => {
      const answers = await handle.runEach<Lease, number>(BEGIN, items, {
        idOf: ({ id }) => id,
        args: (some) => some.flatMap(({ id, token }) => [id, token]),
      });
      return answers.map((answer) => (answer === 1 ? "applied" : "lease-lost"));
    },

    renew: async ({ items, now }) => {
      const answers = await handle.runEach<(typeof items)[number], number>(RENEW, items, {
        idOf: idOfLease,
        args: (some) => some.flatMap(({ lease, duration }) => [lease.id, lease.token, now + duration]),
      });
      return answers.map((answer) =>
        answer === 0 ? { outcome: "lease-lost" } : { outcome: "renewed", cancelRequested: answer === 2 },
      );
    },

    settle: async ({ items, now }) => {
      const answers = await handle.runEach<(typeof items)[number], string>(SETTLE, items, {
        idOf: idOfLease,
        args: (some) => {
          const args = [...handle.endingArguments(now)];
          for (const { lease, settlement } of some)
            args.push(lease.id, lease.token, settlementText(settlement));
          return args;
        },
      });
      handle.wakeups.results(items.flatMap(({ lease }, at) => (isEnd(answers[at]) ? [lease.id] : [])));
      if (answers.includes("READY")) handle.wakeups.ready();
      return answers.map((answer) =>
        answer === "" ? LOST : { outcome: "applied", status: answer as TaskStatus },
      );
    },

    release: async ({ items, now }) => {
      const answers = await handle.runEach<(typeof items)[number], number>(RELEASE, items, {
        idOf: idOfLease,
        args: (some) => [
          ...handle.endingArguments(now),
          ...some.flatMap(({ lease, when, started }) => [
            lease.id,
            lease.token,
            when === "on-expiry" ? when : started ? "started" : "not-started",
          ]),
        ],
      });
      handle.wakeups.ready();
      handle.wakeups.results(items.map(({ lease }) => lease.id));
      return answers.map((answer) => (answer === 1 ? "applied" : "lease-lost"));
    },

    progress: async ({ items }) => {
      const answers = await handle.runEach<(typeof items)[number], number>(PROGRESS, items, {
        idOf: idOfLease,
        args: (some) => [
          handle.sender,
          ...some.flatMap(({ lease, progress }) => [lease.id, lease.token, progress]),
        ],
      });
      handle.wakeups.results(items.map(({ lease }) => lease.id));
      return answers.map((answer) => (answer === 1 ? "applied" : "lease-lost"));
    },
  };
}
