import type { AnyRouter, TaskPath } from "@taskwright/shared";
import { expect } from "vitest";
import type { TestServer } from "./create-test-server.ts";
import type { DummyBackend } from "./dummy-backend.ts";
import { type EnqueuedOptions, toHaveEnqueued } from "./enqueued-matcher.ts";
import type { EnqueuedTaskOf } from "./enqueued-task.ts";
import type { PartialInput } from "./partial-match.ts";

export type { EnqueuedOptions } from "./enqueued-matcher.ts";

/** The paths that can be asked of what a test expects something of. */
export type ExpectedPath<T> =
  T extends TestServer<infer TRouter>
    ? TaskPath<TRouter>
    : T extends DummyBackend
      ? string
      : "toHaveEnqueued() takes a server made by createTestServer(), or a dummyBackend()";

/** What part of the input can be asked of a task at a path. */
export type ExpectedInput<T, TPath> =
  T extends TestServer<infer TRouter extends AnyRouter>
    ? TPath extends TaskPath<TRouter>
      ? PartialInput<EnqueuedTaskOf<TRouter, TPath>["input"]>
      : never
    : unknown;

declare module "vitest" {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /**
     * A task was enqueued, whatever has become of it since.
     *
     * @param input what its input has at least: of objects any properties, at any depth
     */
    toHaveEnqueued<TPath extends ExpectedPath<T>>(
      path: TPath,
      input?: ExpectedInput<T, TPath>,
      options?: EnqueuedOptions,
    ): R;
  }
}

expect.extend({ toHaveEnqueued });
