import type { Transformer } from "@taskwright/shared";
import type { TRPCLink } from "@trpc/client";

/** A link of tRPC's client, of whatever router. */
// biome-ignore lint/suspicious/noExplicitAny: tRPC has no other name for that in its client
export type ClientLink = TRPCLink<any>;

/** Headers of a request, or what makes them. */
export type ClientHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** A transformer of tRPC: superjson, another, or one for each direction. */
export type ClientTransformer = Transformer | { readonly input: Transformer; readonly output: Transformer };

/** Where a tRPC server is, and how it is called. */
export interface ServerAddress {
  readonly url: string;
  /** Where the router of tasks hangs: names joined by dots, and a dot at the end; empty at the root. */
  readonly prefix: string;
  readonly headers: ClientHeaders | undefined;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly links: readonly ClientLink[];
  readonly transformer: ClientTransformer | undefined;
  readonly connectMs: number;
}
