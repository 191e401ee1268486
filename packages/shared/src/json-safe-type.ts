type Primitive = string | number | boolean | null;

/** An object of primitives; only type literals are assignable to it, so that no class with private members passes. */
interface FlatObject {
  readonly [key: string]: Primitive | undefined;
}

/**
 * What JSON gives back unchanged and holds nothing to look into.
 *
 * None of it is recursive: comparing deep types with a recursive one, the compiler assumes at some depth that they fit.
 */
type Plain = Primitive | readonly Primitive[] | undefined;

// biome-ignore lint/suspicious/noExplicitAny: any function or class, whatever it takes
type AnyFunction = ((...args: any) => unknown) | (abstract new (...args: any) => unknown);

type Remedy = "or use a codec; or set a transformer such as superjson";

/** An array or object that is still to be looked into, and where it is. */
interface Place<TPath extends string, T> {
  readonly path: TPath;
  readonly type: T;
}

/**
 * The issues in what was found so far, then those in the places one level deeper, and so on.
 *
 * Going by levels looks into each type of a recursive family once; going in depth would take every way through it.
 */
type Levels<TFound, TSeen> =
  | Extract<TFound, string>
  | ([Exclude<TFound, string>] extends [never] ? never : NextLevel<Exclude<TFound, string>, TSeen>);

type NextLevel<TPlace, TSeen> = Levels<LookInto<TPlace, TSeen>, TSeen | SeenIn<TPlace>>;

/**
 * A mark of a place's type, assignable to that of no other type, so that a type that only fits one seen before is looked
 * into all the same.
 */
// Not an alias or interface of its own: the compiler would compare their arguments as types that fit each other.
type SeenIn<TPlace> = TPlace extends Place<string, infer T> ? <G>() => G extends T ? 1 : 2 : never;

/** The issues and places in a place, unless its type was seen at an earlier level. */
type LookInto<TPlace, TSeen> =
  TPlace extends Place<infer TPath, infer T>
    ? (<G>() => G extends T ? 1 : 2) extends TSeen
      ? never
      : T extends readonly unknown[]
        ? InArray<T, TPath>
        : InObject<T, TPath>
    : never;

/** What a property's type says: nothing for `any` and for JSON-safe types, else what each of its members says. */
type Look<T, TPath extends string> = 0 extends 1 & T
  ? never
  : unknown extends T
    ? `${TPath}: unknown (say what it holds: z.json() for any JSON, z.any() to skip this check; z.coerce and z.preprocess take unknown unless given an input type, as in z.coerce.number<string>())`
    : [T] extends [Plain]
      ? never
      : T extends unknown
        ? LookAt<T, TPath>
        : never;

/** What a single type says: an issue as `"input.n: bigint (…)"`, or a place to look into. */
type LookAt<T, TPath extends string> = [T] extends [Plain | void]
  ? never
  : [T] extends [FlatObject]
    ? // With an index signature, that is all that was compared; without any property, it may hold whatever it likes.
      string extends keyof T
      ? LookInside<T, TPath>
      : [keyof T] extends [never]
        ? LookInside<T, TPath>
        : never
    : LookInside<T, TPath>;

/** {@link LookAt} for what is not plain at first sight. */
type LookInside<T, TPath extends string> = T extends bigint
  ? `${TPath}: bigint (send a string ${Remedy})`
  : T extends symbol
    ? `${TPath}: symbol (send a string)`
    : T extends AnyFunction
      ? `${TPath}: function (JSON drops functions; send data)`
      : T extends readonly unknown[]
        ? Place<TPath, T>
        : LookAtObject<T, TPath>;

/** What an object's type says: an issue if it is a class of the language or has private members, else a place to look into. */
type LookAtObject<T, TPath extends string> = T extends Date
  ? `${TPath}: Date (send an ISO string ${Remedy})`
  : T extends ReadonlyMap<unknown, unknown>
    ? `${TPath}: Map (send an array of entries ${Remedy})`
    : T extends ReadonlySet<unknown>
      ? `${TPath}: Set (send an array ${Remedy})`
      : T extends ArrayBufferView | ArrayBuffer | SharedArrayBuffer
        ? `${TPath}: bytes (send a base64 string ${Remedy})`
        : T extends { readonly size: number; arrayBuffer(): unknown }
          ? `${TPath}: file (store it and send its address)`
          : T extends RegExp
            ? `${TPath}: RegExp (send its source ${Remedy})`
            : T extends PromiseLike<unknown>
              ? `${TPath}: Promise (await it first)`
              : T extends { toJSON: AnyFunction }
                ? `${TPath}: object with toJSON (send what it returns or use a codec)`
                : { [K in keyof T]: T[K] } extends T
                  ? [keyof T] extends [never]
                    ? `${TPath}: object (say what it holds: z.json() for any JSON, z.any() to skip this check)`
                    : Place<TPath, T>
                  : `${TPath}: instance of a class with private members (send a plain object or use a codec)`;

/** What the elements of an array or tuple say; those a tuple always has are named one by one, as `input.pair[1]`. */
type InArray<
  T extends readonly unknown[],
  TPath extends string,
  TBefore extends unknown[] = [],
> = T extends readonly [infer THead, ...infer TRest]
  ? LookAtElement<THead, `${TPath}[${TBefore["length"]}]`> | InArray<TRest, TPath, [...TBefore, unknown]>
  : T[number][] extends T
    ? LookAtElement<T[number], `${TPath}[]`>
    : // Optional elements at the end of a tuple read as undefined, but may be left out.
      Look<T[number], `${TPath}[]`>;

/** What an element's type says; unlike a property, it cannot be undefined. */
type LookAtElement<T, TPath extends string> =
  | Look<T, TPath>
  | (unknown extends T
      ? never
      : undefined extends T
        ? `${TPath}: undefined (JSON turns it into null inside arrays; send null)`
        : never);

/** What the properties of an object say, each by its name, and what its index signature says, as `input[string]`. */
type InObject<T, TPath extends string> =
  | ValueOf<{ [K in keyof T as NamedKey<K>]-?: Look<T[K], `${TPath}.${NamedKey<K>}`> }>
  | (string extends keyof T
      ? Look<T[string & keyof T], `${TPath}[string]`>
      : number extends keyof T
        ? Look<T[number & keyof T], `${TPath}[number]`>
        : never);

/** The key, unless it is an index signature's or a symbol; types have symbols as brands, and values that have one are refused at run time. */
type NamedKey<K> = K extends string
  ? string extends K
    ? never
    : K
  : K extends number
    ? number extends K
      ? never
      : K
    : never;

type ValueOf<T> = T[keyof T];

/** What JSON would change or lose in a value of the type, each as "path: kind (remedy)"; `never` if nothing. */
export type JsonIssues<T, TPath extends string> = Levels<Look<T, TPath>, never>;

/** Shown by the compiler where a schema's input form does not survive JSON; no schema has this property. */
export interface NotJsonSafe<TIssue> {
  readonly "NOT JSON-SAFE": TIssue;
}

/** One {@link NotJsonSafe} for each issue, so that the compiler spells the issues out. */
export type Report<TIssue> = TIssue extends unknown ? NotJsonSafe<TIssue> : never;

/**
 * `TSchema` if values of its input form survive JSON, else a {@link Report}.
 *
 * As `schema: JsonSafeSchema<S, z.input<S>, "input">` it infers `S` and adds nothing to what the compiler compares.
 */
export type JsonSafeSchema<TSchema, TValue, TRoot extends string> = [TValue] extends [Plain | void]
  ? TSchema
  : [JsonIssues<TValue, TRoot>] extends [never]
    ? TSchema
    : Report<JsonIssues<TValue, TRoot>>;
