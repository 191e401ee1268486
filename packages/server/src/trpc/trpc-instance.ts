/** What a tRPC instance says about its context, errors and transformer, for inference only. */
export interface TrpcTypes {
  // As tRPC itself has it.
  // biome-ignore lint/suspicious/noExplicitAny: a context can be anything, in both directions
  readonly ctx: any;
  // biome-ignore lint/suspicious/noExplicitAny: and so can the meta data of procedures
  readonly meta: any;
  // biome-ignore lint/suspicious/noExplicitAny: and what an errorFormatter makes
  readonly errorShape: any;
  readonly transformer: boolean;
}

/** The part of a tRPC instance, as `initTRPC.create()` makes it, that is used here. */
export interface TrpcInstance<TTypes extends TrpcTypes> {
  readonly _config: { readonly $types: TTypes };
  readonly router: (...words: never[]) => unknown;
}

/** The part of a procedure, such as `t.procedure`, that is used here. */
export interface TrpcProcedure {
  readonly query: (...words: never[]) => unknown;
  readonly mutation: (...words: never[]) => unknown;
  readonly subscription: (...words: never[]) => unknown;
}

/** What the middleware of a procedure leaves as the context of its resolvers. */
export type ContextOf<TProcedure extends TrpcProcedure> = TProcedure["query"] extends (
  resolver: (options: infer TOptions) => never,
) => unknown
  ? TOptions extends { readonly ctx: infer TContext }
    ? TContext
    : unknown
  : unknown;

/** What a resolver is given. */
export interface ResolverCall {
  readonly ctx: unknown;
  readonly input: unknown;
  readonly signal: AbortSignal | undefined;
}

/** A procedure as it is built here, where types say no more. */
export interface ProcedureBuilder {
  /** The parsers that it has already. */
  readonly _def: { readonly inputs: readonly unknown[] };
  input(parser: (value: unknown) => unknown): ProcedureBuilder;
  query(resolver: (call: ResolverCall) => unknown): unknown;
  mutation(resolver: (call: ResolverCall) => unknown): unknown;
  subscription(resolver: (call: ResolverCall) => AsyncIterable<unknown>): unknown;
}

/** What an `errorFormatter` is given. */
export interface ErrorFormatterCall {
  readonly error: { readonly code: string; readonly message: string };
  readonly path?: string | undefined;
  readonly shape: { readonly data?: object };
}

/** The configuration of an instance, as it is at run time. */
export interface TrpcConfig {
  errorFormatter: (call: ErrorFormatterCall) => object;
  readonly transformer: { readonly output: { serialize(value: unknown): unknown } };
}
