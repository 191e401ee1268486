import * as z from "zod";
import type { JsonIssues, JsonSafeSchema, NotJsonSafe } from "./json-safe-type.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when the two types are the same. */
function same<A, B>(_verdict: Equal<A, B>): void {}

/** The issues without their remedies: "input.at: Date". */
type Kinds<TIssue> = TIssue extends `${infer Place}: ${infer Kind} (${string}` ? `${Place}: ${Kind}` : TIssue;

/** The issues of a schema's input form. */
type Found<TSchema extends z.ZodType> = Kinds<JsonIssues<z.input<TSchema>, "input">>;

type FoundIn<T> = Kinds<JsonIssues<T, "input">>;

/** As the task builder types it. */
declare function input<TSchema extends z.ZodType>(
  schema: JsonSafeSchema<TSchema, z.input<TSchema>, "input">,
): TSchema;
declare function output<TSchema extends z.ZodType>(
  schema: JsonSafeSchema<TSchema, z.input<TSchema>, "output">,
): TSchema;

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

// --- What the compiler says ---

same<
  JsonIssues<{ user: { createdAt: Date } }, "input">,
  "input.user.createdAt: Date (send an ISO string or use a codec; or set a transformer such as superjson)"
>(true);
same<
  JsonSafeSchema<"schema", { at: Date }, "output">,
  NotJsonSafe<"output.at: Date (send an ISO string or use a codec; or set a transformer such as superjson)">
>(true);
same<JsonSafeSchema<"schema", { at: string }, "input">, "schema">(true);

// @ts-expect-error -- a Date is not JSON-safe
input(z.object({ user: z.object({ createdAt: z.date() }) }));
// @ts-expect-error -- nor in an output
output(z.object({ at: z.date() }));
// @ts-expect-error -- the codec is the wrong way round: its input form is the Date
input(z.object({ at: z.invertCodec(isoDate) }));
input(z.object({ at: isoDate }));
output(z.object({ at: isoDate }));

// The schema keeps its own type on the way through.
same<z.output<ReturnType<typeof input<z.ZodObject<{ a: z.ZodString }>>>>, { a: string }>(true);

// --- Rejected, each with its path ---

const rejected = {
  date: z.object({ user: z.object({ createdAt: z.date() }) }),
  root: z.date(),
  optional: z.object({ at: z.date().optional() }),
  nullable: z.object({ at: z.date().nullable() }),
  withDefault: z.object({ at: z.date().default(new Date(0)) }),
  map: z.object({ m: z.map(z.string(), z.number()) }),
  set: z.object({ s: z.array(z.set(z.string())) }),
  bigint: z.object({ n: z.bigint() }),
  bigintLiteral: z.object({ n: z.literal(1n) }),
  symbol: z.object({ s: z.symbol() }),
  undefinedInArray: z.object({ list: z.array(z.string().optional()) }),
  undefinedInTuple: z.object({ pair: z.tuple([z.union([z.string(), z.undefined()]), z.number()]) }),
  dateInTuple: z.object({ pair: z.tuple([z.string(), z.date()]) }),
  dateInOptionalTail: z.object({ pair: z.tuple([z.string(), z.date().optional()]) }),
  dateInRest: z.object({ row: z.tuple([z.string()], z.date()) }),
  file: z.object({ f: z.file() }),
  url: z.object({ u: z.instanceof(URL) }),
  bytes: z.object({ b: z.instanceof(Uint8Array), c: z.instanceof(ArrayBuffer), d: z.instanceof(DataView) }),
  regexp: z.object({ r: z.instanceof(RegExp) }),
  promise: z.object({ p: z.promise(z.string()) }),
  function: z.object({ f: z.function() }),
  unknown: z.object({ u: z.unknown() }),
  unknownRoot: z.unknown(),
  unknownInArray: z.array(z.unknown()),
  coerce: z.object({ n: z.coerce.number() }),
  preprocess: z.object({ n: z.preprocess((value) => value, z.number()) }),
  loose: z.looseObject({ id: z.string() }),
  object: z.object({ o: z.custom<object>() }),
  record: z.record(z.string(), z.date()),
  recordOfEnum: z.record(z.enum(["a", "b"]), z.date()),
  union: z.union([z.string(), z.object({ at: z.date() })]),
  discriminated: z.object({
    event: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), n: z.bigint() }),
      z.object({ kind: z.literal("b"), at: z.date() }),
      z.object({ kind: z.literal("c"), ok: z.boolean() }),
    ]),
  }),
  intersection: z.intersection(z.object({ a: z.string() }), z.object({ at: z.date() })),
  readonly: z.object({ at: z.array(z.date()).readonly() }),
  numberKey: z.object({ 7: z.date() }),
  // What each holds fits what was seen before it, and is unsafe all the same.
  recordOfUnknown: z.object({ meta: z.record(z.string(), z.unknown()).optional() }),
  looseInside: z.object({ payload: z.looseObject({}).optional() }),
  recordInRecord: z.record(z.string(), z.partialRecord(z.enum(["a", "b"]), z.record(z.string(), z.date()))),
  // biome-ignore lint/complexity/noBannedTypes: the very type that is looked at
  anyObject: z.object({ o: z.custom<{}>() }),
  readonlyUnknown: z.object({ u: z.unknown().readonly() }),
  readonlyCoerced: z.coerce.string().readonly(),
  beside: z.object({ at: z.date() }).catchall(z.string()),
  besideAny: z.object({ at: z.date() }).catchall(z.any()),
  deep: z.object({
    k: z.partialRecord(
      z.enum(["a", "b"]),
      z.object({
        k: z.record(
          z.string(),
          z.record(
            z.string(),
            z.object({ k: z.lazy(() => z.array(z.union([z.string(), z.undefined()]))) }).partial(),
          ),
        ),
      }),
    ),
  }),
};

same<Found<typeof rejected.date>, "input.user.createdAt: Date">(true);
same<Found<typeof rejected.root>, "input: Date">(true);
same<Found<typeof rejected.optional>, "input.at: Date">(true);
same<Found<typeof rejected.nullable>, "input.at: Date">(true);
same<Found<typeof rejected.withDefault>, "input.at: Date">(true);
same<Found<typeof rejected.map>, "input.m: Map">(true);
same<Found<typeof rejected.set>, "input.s[]: Set">(true);
same<Found<typeof rejected.bigint>, "input.n: bigint">(true);
same<Found<typeof rejected.bigintLiteral>, "input.n: bigint">(true);
same<Found<typeof rejected.symbol>, "input.s: symbol">(true);
same<Found<typeof rejected.undefinedInArray>, "input.list[]: undefined">(true);
same<Found<typeof rejected.undefinedInTuple>, "input.pair[0]: undefined">(true);
same<Found<typeof rejected.dateInTuple>, "input.pair[1]: Date">(true);
same<Found<typeof rejected.dateInOptionalTail>, "input.pair[]: Date">(true);
same<Found<typeof rejected.dateInRest>, "input.row[]: Date">(true);
same<Found<typeof rejected.file>, "input.f: file">(true);
same<Found<typeof rejected.url>, "input.u: object with toJSON">(true);
same<Found<typeof rejected.bytes>, "input.b: bytes" | "input.c: bytes" | "input.d: bytes">(true);
same<Found<typeof rejected.regexp>, "input.r: RegExp">(true);
same<Found<typeof rejected.promise>, "input.p: Promise">(true);
same<Found<typeof rejected.function>, "input.f: function">(true);
same<Found<typeof rejected.unknown>, "input.u: unknown">(true);
same<Found<typeof rejected.unknownRoot>, "input: unknown">(true);
same<Found<typeof rejected.unknownInArray>, "input[]: unknown">(true);
same<Found<typeof rejected.coerce>, "input.n: unknown">(true);
same<Found<typeof rejected.preprocess>, "input.n: unknown">(true);
same<Found<typeof rejected.loose>, "input[string]: unknown">(true);
same<Found<typeof rejected.object>, "input.o: object">(true);
same<Found<typeof rejected.record>, "input[string]: Date">(true);
same<Found<typeof rejected.recordOfEnum>, "input.a: Date" | "input.b: Date">(true);
same<Found<typeof rejected.union>, "input.at: Date">(true);
same<Found<typeof rejected.discriminated>, "input.event.n: bigint" | "input.event.at: Date">(true);
same<Found<typeof rejected.intersection>, "input.at: Date">(true);
same<Found<typeof rejected.readonly>, "input.at[]: Date">(true);
same<Found<typeof rejected.numberKey>, "input.7: Date">(true);
same<Found<typeof rejected.recordOfUnknown>, "input.meta[string]: unknown">(true);
same<Found<typeof rejected.looseInside>, "input.payload[string]: unknown">(true);
same<
  Found<typeof rejected.recordInRecord>,
  "input[string].a[string]: Date" | "input[string].b[string]: Date"
>(true);
same<Found<typeof rejected.anyObject>, "input.o: object">(true);
same<Found<typeof rejected.readonlyUnknown>, "input.u: object">(true);
same<Found<typeof rejected.readonlyCoerced>, "input: object">(true);
same<Found<typeof rejected.beside>, "input.at: Date">(true);
same<Found<typeof rejected.besideAny>, "input.at: Date">(true);
same<
  Found<typeof rejected.deep>,
  "input.k.a.k[string][string].k[]: undefined" | "input.k.b.k[string][string].k[]: undefined"
>(true);

class WithPrivate {
  readonly name = "";
  #secret = 1;
  reveal(): number {
    return this.#secret;
  }
}
class WithPrivateOnly {
  readonly name = "";
  private readonly secret: string = "";
  static read(value: WithPrivateOnly): string {
    return value.secret;
  }
}
class WithMethod {
  readonly name = "";
  greet(): string {
    return this.name;
  }
}
same<FoundIn<{ user: WithPrivate }>, "input.user: instance of a class with private members">(true);
same<FoundIn<{ user: WithPrivateOnly }>, "input.user: instance of a class with private members">(true);
same<FoundIn<{ user: WithMethod }>, "input.user.greet: function">(true);
same<FoundIn<Error>, "input.cause: unknown">(true);
same<FoundIn<{ make: typeof WithMethod }>, "input.make: function">(true);

// `any` is let pass beside what is not.
same<Found<z.ZodObject<{ a: z.ZodAny; b: z.ZodDate; c: z.ZodArray<z.ZodAny> }>>, "input.b: Date">(true);

// Every issue of a type is there, and an index signature does not hide the named properties.
same<FoundIn<{ a: Date; b: { c: bigint; d: string }[] }>, "input.a: Date" | "input.b[].c: bigint">(true);
same<FoundIn<{ [name: string]: string | Date; at: Date }>, "input.at: Date" | "input[string]: Date">(true);
same<FoundIn<{ [index: number]: Date }>, "input[number]: Date">(true);

// --- Recursive types ---

const BadNode = z.object({
  at: z.date(),
  get children() {
    return z.array(BadNode);
  },
});
same<Found<typeof BadNode>, "input.at: Date">(true);

interface Outer {
  next?: Inner;
}
// Assignable to Outer, yet with an issue of its own.
interface Inner {
  next?: Outer;
  at: Date;
}
same<FoundIn<Outer>, "input.next.at: Date">(true);

interface BadList {
  value: bigint;
  rest: BadList | null;
}
same<FoundIn<BadList>, "input.value: bigint">(true);

type BadJson = string | Date | BadJson[] | { [key: string]: BadJson };
same<FoundIn<BadJson>, "input: Date" | "input[]: Date" | "input[string]: Date">(true);

const GoodNode = z.object({
  name: z.string(),
  get children() {
    return z.array(GoodNode);
  },
});
const Author = z.object({
  name: z.string(),
  get posts() {
    return z.array(Post);
  },
});
const Post = z.object({
  title: z.string(),
  get author() {
    return Author.optional();
  },
});
interface GoodList {
  value: string;
  rest?: GoodList | undefined;
}
same<FoundIn<GoodList>, never>(true);

// Types that all refer to each other are each looked into once, not once for each way through them.
interface Family<T> {
  a?: Mother<T>;
  b?: Father<T>;
  c?: Daughter<T>;
  d?: Son<T>;
  e?: Cousin<T>;
  f?: Uncle<T>;
  g?: Aunt<T>;
  h?: Niece<T>;
  i?: Nephew<T>;
}
interface Mother<T> extends Family<T> {
  mother: 1;
}
interface Father<T> extends Family<T> {
  father: 1;
}
interface Daughter<T> extends Family<T> {
  daughter: 1;
}
interface Son<T> extends Family<T> {
  son: 1;
}
interface Cousin<T> extends Family<T> {
  cousin: 1;
}
interface Uncle<T> extends Family<T> {
  uncle: 1;
}
interface Aunt<T> extends Family<T> {
  aunt: 1;
}
interface Niece<T> extends Family<T> {
  niece: 1;
}
interface Nephew<T> extends Family<T> {
  nephew: T;
}
same<FoundIn<Family<string>>, never>(true);
same<FoundIn<Family<Date>>, "input.i.nephew: Date">(true);

// --- Accepted ---

const Colour = { Red: "red", Blue: "blue" } as const;
interface Plain {
  readonly id: string;
  readonly tags: readonly string[];
  readonly nested?: Plain;
}
class DataOnly {
  name = "";
  count = 0;
}

input(z.object({}));
input(z.object({ s: z.string(), n: z.number(), b: z.boolean(), z: z.null() }));
input(z.object({ a: z.string().optional(), b: z.string().nullable(), c: z.string().nullish() }));
input(z.object({ a: z.undefined(), b: z.exactOptional(z.string()) }));
input(z.object({ e: z.enum(["a", "b"]), l: z.literal([1, "x", true, null]), ts: z.enum(Colour) }));
input(z.object({ email: z.email(), url: z.url(), id: z.uuid(), at: z.iso.datetime(), n: z.int() }));
input(z.record(z.string(), z.number()));
input(z.partialRecord(z.enum(["a", "b"]), z.string()));
input(z.tuple([z.string(), z.number()]));
input(z.tuple([z.string(), z.number().optional()]));
input(z.tuple([z.string()], z.number()));
input(z.array(z.object({ a: z.array(z.array(z.string())) })).readonly());
input(
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), a: z.string() }),
    z.object({ kind: z.literal("b"), b: z.number().optional() }),
  ]),
);
input(z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })));
input(z.object({ a: z.string().transform((text) => new Date(text)) }));
input(z.object({ a: z.string().pipe(z.coerce.date()) }));
input(z.object({ a: z.string().default("x"), b: z.string().prefault("x"), c: z.string().catch("x") }));
input(z.object({ a: z.string().brand<"Id">() }).brand<"Row">());
input(z.custom<string & { readonly brand: "Id" }>());
input(z.object({ flag: z.stringbool(), template: z.templateLiteral(["v", z.number()]) }));
input(GoodNode);
input(Author);
input(z.json());
input(z.object({ data: z.json() }));
input(z.any());
input(z.object({ a: z.any(), b: z.array(z.any()), c: z.record(z.string(), z.any()) }));
input(
  z.object({ n: z.coerce.number<string>(), p: z.preprocess((text: string) => Number(text), z.number()) }),
);
input(z.custom<Plain>());
input(z.object({ list: z.array(z.custom<Plain>()) }));
input(z.strictObject({ a: z.string() }));
input(z.object({ a: z.string() }).catchall(z.json()));
input(z.never());

// An input or output that may be left out is stored as nothing, which JSON need not say.
input(z.void());
input(z.undefined());
input(z.object({ a: z.string() }).optional());

// The compiler cannot tell a class that has nothing but public data from a plain object; the check at run time can.
input(z.custom<DataOnly>());
// `any` opts out of the check where it stands, not for its neighbours.
input(z.object({ at: z.string() }).catchall(z.any()));
// @ts-expect-error -- the Date is there all the same
input(z.object({ at: z.date() }).catchall(z.any()));

// --- A schema that is not known yet does not compile into an endless type ---

function generic<TShape extends z.ZodRawShape>(shape: TShape): z.ZodObject<TShape> {
  return z.object(shape);
}
input(generic({ a: z.string() }));
// @ts-expect-error -- its input form is known where it is used
input(generic({ a: z.date() }));
