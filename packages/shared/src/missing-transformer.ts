import type { AnyRouter } from "./task-types.ts";

/** Shown by the compiler where a contract has a transformer and what is to carry its payloads has none. */
export interface MissingTransformer<TIssue> {
  readonly "NO TRANSFORMER": TIssue;
}

type HasTransformer<TRecord> = {
  [K in keyof TRecord]: TRecord[K] extends { readonly "~router": infer TInner }
    ? HasTransformer<TInner>
    : TRecord[K] extends { readonly "~wire": "transformer" }
      ? true
      : never;
}[keyof TRecord];

/** `unknown` where plain JSON can carry what a contract's tasks take and give, else a {@link MissingTransformer}. */
export type CarriedAsJson<TRouter extends AnyRouter, TIssue> = [HasTransformer<TRouter["~router"]>] extends [
  never,
]
  ? unknown
  : MissingTransformer<TIssue>;
