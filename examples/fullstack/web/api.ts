// The two ways to the server: tRPC for the app's own procedures, and the task client for the tasks beside them.
import { createTaskClient } from "@taskwright/client";
import type { AsyncResult } from "@taskwright/shared";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { AppRouter } from "../router.ts";
import type { User } from "../session.ts";
import type { tasks } from "../tasks.ts";

const url = "/api/trpc";

export const trpc = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url })] });
export const { sendEmail } = createTaskClient<typeof tasks>({ url, path: "background" }).tasks;

/** The handle of a mail: its input and its output are typed by the contract. */
export type MailResult = ReturnType<typeof sendEmail.result>;
/** What the contract says that a sent mail gives. */
export type Receipt = MailResult extends AsyncResult<infer TOutput> ? TOutput : never;

/** Signs in, or out with null. */
export async function setUser(user: User | null): Promise<void> {
  const response = await (user === null
    ? fetch("/api/session", { method: "DELETE" })
    : fetch(`/api/session/${user}`, { method: "PUT" }));
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
}
