/** One task of the generated projects: what it takes and gives, and a call of it, as source text. */
export interface TaskShape {
  readonly name: string;
  /** A zod schema. */
  readonly input: string;
  /** A zod schema. */
  readonly output: string;
  /** An expression of the input's type. */
  readonly argument: string;
  /** An expression of the output's type, made from `input`. */
  readonly answer: string;
  /** A property of the output. */
  readonly field: string;
}

type ShapeKind = (n: number) => Omit<TaskShape, "name">;

/** What tasks in real programs take and give; the number makes each one's types differ from all others'. */
const KINDS: readonly ShapeKind[] = [
  (n) => ({
    input: `z.object({ to: z.email(), subject: z.string(), body${n}: z.string().default("") })`,
    output: `z.object({ messageId${n}: z.string() })`,
    argument: '{ to: "ada@example.com", subject: "Hello" }',
    answer: `{ messageId${n}: input.body${n} }`,
    field: `messageId${n}`,
  }),
  (n) => ({
    input: `z.object({ orderId${n}: z.int(), currency: z.enum(["EUR", "USD"]), lines: z.array(z.object({ sku: z.string(), quantity: z.int(), price: z.number() })) })`,
    output: `z.object({ total${n}: z.number(), pdf: z.url().nullable() })`,
    argument: `{ orderId${n}: 1, currency: "EUR", lines: [{ sku: "a", quantity: 1, price: 2 }] }`,
    answer: `{ total${n}: input.lines.length + input.orderId${n}, pdf: null }`,
    field: `total${n}`,
  }),
  (n) => ({
    input: `z.object({ userId: z.uuid(), address${n}: z.object({ street: z.string(), city: z.string(), geo: z.object({ lat: z.number(), lon: z.number() }).optional() }) })`,
    output: `z.object({ verified${n}: z.boolean() })`,
    argument: `{ userId: "u", address${n}: { street: "s", city: "c" } }`,
    answer: `{ verified${n}: input.address${n}.geo !== undefined }`,
    field: `verified${n}`,
  }),
  (n) => ({
    input: `z.discriminatedUnion("kind", [z.object({ kind: z.literal("image"), width${n}: z.int() }), z.object({ kind: z.literal("video"), seconds${n}: z.number(), codec: z.string().optional() })])`,
    output: `z.object({ file${n}: z.string(), bytes: z.int() })`,
    argument: `{ kind: "image", width${n}: 100 }`,
    answer: `{ file${n}: input.kind, bytes: input.kind === "image" ? input.width${n} : input.seconds${n} }`,
    field: `file${n}`,
  }),
  (n) => ({
    input: `z.object({ since${n}: z.iso.datetime().transform((text) => new Date(text)), limit: z.int().max(100).default(10) })`,
    output: `z.object({ rows${n}: z.array(z.object({ id: z.string(), name: z.string().nullable() })) })`,
    argument: `{ since${n}: "2030-01-01T00:00:00Z" }`,
    answer: `{ rows${n}: [{ id: input.since${n}.toISOString(), name: null }] }`,
    field: `rows${n}`,
  }),
  (n) => ({
    input: `z.object({ labels${n}: z.record(z.string(), z.string()), scores: z.tuple([z.number(), z.number()]) })`,
    output: `z.object({ best${n}: z.string().optional() })`,
    argument: `{ labels${n}: { a: "b" }, scores: [1, 2] }`,
    answer: `{ best${n}: Object.keys(input.labels${n})[0] }`,
    field: `best${n}`,
  }),
];

/** The shape of the task with this number. */
export function shapeOf(n: number): TaskShape {
  const kind = KINDS[n % KINDS.length] as ShapeKind;
  return { name: `task${n}`, ...kind(n) };
}
