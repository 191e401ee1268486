// TanStack Query over tRPC, as @trpc/tanstack-react-query gives its options. Its observers are what the hooks of React
// subscribe to, so that no rendering is needed here.
import { MutationObserver, QueryClient, QueryObserver, queryOptions } from "@tanstack/react-query";
import { createTaskClient } from "@taskwright/client";
import type { Enqueued, TaskStatus } from "@taskwright/shared";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { afterEach, beforeEach, expect, expectTypeOf, test } from "vitest";
import { FetchEventSource } from "./fixtures/trpc/fetch-event-source.ts";
import { type PlainApp, type ServedTasks, serveTasks, type tasks } from "./fixtures/trpc/served-tasks.ts";

const mail = { to: "ada@example.com" };
const SENT_AT = Date.parse("2030-01-31T09:00:00.000Z");

let served: ServedTasks;
let queryClient: QueryClient;
beforeEach(async () => {
  served = await serveTasks("plain");
  queryClient = new QueryClient();
  queryClient.mount();
});
afterEach(async () => {
  queryClient.clear();
  queryClient.unmount();
  await served.close();
});

function clientOf(user: string | null) {
  const url = `http://127.0.0.1:${served.port}`;
  const headers: Record<string, string> = user === null ? {} : { authorization: `Bearer ${user}` };
  return createTRPCClient<PlainApp>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          url,
          EventSource: FetchEventSource as unknown as typeof EventSource,
          eventSourceOptions: { headers } as object,
        }),
        false: httpBatchLink({ url, headers }),
      }),
    ],
  });
}

const proxyOf = (user: string | null) =>
  createTRPCOptionsProxy<PlainApp>({ client: clientOf(user), queryClient });

test("a mutation enqueues, and a query that is asked again sees the end", async () => {
  const trpc = proxyOf("ada");
  const mutation = new MutationObserver(queryClient, trpc.background.tasks.sendEmail.delay.mutationOptions());
  const { id } = await mutation.mutate(mail);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const query = new QueryObserver(queryClient, {
    ...trpc.background.results.get.queryOptions({ id }),
    refetchInterval: ({ state }) => (typeof state.data?.finishedAt === "string" ? false : 20),
  });
  const stop = query.subscribe(({ data }) => typeof data?.finishedAt === "string" && resolve(data));
  expect(await promise).toMatchObject({
    id,
    status: "SUCCESSFUL",
    output: { messageId: "to ada@example.com", at: SENT_AT },
  });
  stop();
});

test("a subscription tells each change, which a page puts into the query's data", async () => {
  const trpc = proxyOf("ada");
  const steps = trpc.background.tasks.steps;
  const { id } = await new MutationObserver(queryClient, steps.delay.mutationOptions()).mutate();
  const told: object[] = [];
  const key = trpc.background.results.get.queryKey({ id });
  await new Promise<void>((resolve, reject) => {
    const options = trpc.background.results.progress.subscriptionOptions({ id });
    options.subscribe({
      onData: ({ data }) => {
        expectTypeOf(data.status).toEqualTypeOf<TaskStatus>();
        told.push(data);
        if (data.status === "RUNNING") served.steps.allow();
        if (data.status !== "SUCCESSFUL") return;
        queryClient.invalidateQueries({ queryKey: key }).then(resolve, reject);
      },
      onError: reject,
    });
  });
  expect(told.slice(-2)).toEqual([
    { status: "RUNNING", progress: 0.5 },
    { status: "SUCCESSFUL", progress: 0.5 },
  ]);
  const options = trpc.background.results.get.queryOptions({ id });
  expect(await queryClient.fetchQuery(options)).toMatchObject({ status: "SUCCESSFUL", output: "done" });
});

test("a query by the task client has the task's own output", async () => {
  const client = createTaskClient<typeof tasks>({ trpc: clientOf("ada").background });
  const { sendEmail } = client.tasks;
  // Not the bare function: TanStack Query gives more than the input, which delay() refuses.
  const enqueue = new MutationObserver(queryClient, {
    mutationFn: (input: typeof mail) => sendEmail.delay(input),
  });
  const { id } = await enqueue.mutate(mail);
  const options = queryOptions({
    queryKey: ["mail", id],
    queryFn: ({ signal }) => sendEmail.result(id).get({ timeout: "20s", signal }),
  });
  const output = await queryClient.fetchQuery(options);
  expectTypeOf(output).toEqualTypeOf<{ messageId: string; at: number }>();
  expect(output).toEqual({ messageId: "to ada@example.com", at: SENT_AT });
});

test("the key of the router of results stands for all results that were read", async () => {
  const trpc = proxyOf("ada");
  const { tick } = trpc.background.tasks;
  const { id } = await new MutationObserver(queryClient, tick.delay.mutationOptions()).mutate();
  const options = trpc.background.results.wait.queryOptions({ id });
  expect(await queryClient.fetchQuery(options)).toMatchObject({ status: "SUCCESSFUL" });
  await queryClient.invalidateQueries(trpc.background.results.pathFilter());
  expect(queryClient.getQueryState(options.queryKey)?.isInvalidated).toBe(true);
});

test("refusals come as tRPC's errors, to mutations and queries alike", async () => {
  const trpc = proxyOf(null);
  const mutation = new MutationObserver(queryClient, trpc.background.tasks.sendEmail.delay.mutationOptions());
  await expect(mutation.mutate(mail)).rejects.toMatchObject({ data: { code: "UNAUTHORIZED" } });
  const wrong = new MutationObserver(
    queryClient,
    proxyOf("ada").background.tasks.sendEmail.delay.mutationOptions(),
  );
  await expect(wrong.mutate({ to: "nowhere" })).rejects.toMatchObject({
    data: { code: "BAD_REQUEST", taskError: { code: "PAYLOAD_ERROR" } },
  });
  const options = proxyOf("ada").background.results.get.queryOptions({ id: "none" }, { retry: false });
  await expect(queryClient.fetchQuery(options)).rejects.toMatchObject({ data: { code: "NOT_FOUND" } });
});

test("inputs, outputs and options are typed", () => {
  const { background } = proxyOf("ada");
  const { delay, enqueue } = background.tasks.sendEmail;
  const observer = new MutationObserver(queryClient, delay.mutationOptions());
  expectTypeOf(observer.mutate).parameter(0).toEqualTypeOf<{ to: string }>();
  expectTypeOf(observer.mutate).returns.resolves.toExtend<Enqueued>();
  const withOptions = new MutationObserver(queryClient, enqueue.mutationOptions());
  expectTypeOf(withOptions.mutate).toBeCallableWith({ input: mail, options: { countdown: "5m" } });
  // @ts-expect-error -- the task takes an address
  expectTypeOf(observer.mutate).toBeCallableWith({ from: "ada@example.com" });
  // @ts-expect-error -- the router does not let callers set it
  expectTypeOf(withOptions.mutate).toBeCallableWith({ input: mail, options: { priority: 1 } });
  // @ts-expect-error -- it is not exposed
  expectTypeOf(background.tasks.internal).toBeObject();
  // @ts-expect-error -- a result has an id
  expectTypeOf(background.results.get.queryOptions).toBeCallableWith({});
});
