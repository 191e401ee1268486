import type { BackendExercise } from "./exercise.ts";
import { SERVER_SECTIONS } from "./server-sections.ts";
import { serverTransactionHandlersSection } from "./server-transaction-handlers.ts";
import { serverTransactionsSection } from "./server-transactions.ts";

/** What shows how statements are planned, with so many rows that it takes long. */
const MASSES: readonly string[] = [
  "100,000 unknown tasks at the head of the line slow no claim",
  "100,000 tasks of another queue at the head of the line slow no claim",
];

/**
 * The cases about servers, and about masses of tasks, that another exercise shows with the same statements; those about
 * transactions, which are the client's own, are not among them.
 */
export function casesShownBy(name: string): BackendExercise["skips"] {
  const reason = `is shown by ${name}, whose statements these are; what is this client's own is shown here`;
  const servers = SERVER_SECTIONS.filter(
    (section) => section !== serverTransactionsSection && section !== serverTransactionHandlersSection,
  ).flatMap(({ cases }) => cases.map((item) => item.name));
  return [...servers, ...MASSES].map((name) => ({ case: name, reason }));
}
