import { expect, test } from "vitest";
import type { NewTask, Outbox } from "../../backend/index.ts";
import { memoryBackend } from "../memory/index.ts";
import { sqliteBackend } from "../sqlite/index.ts";
import type { PrismaLike } from "./prisma-client.ts";
import { prismaOutbox } from "./prisma-outbox.ts";

/** A client that notes its statements and answers each with no rows. */
function noting(provider: string): { readonly client: PrismaLike; readonly texts: string[] } {
  const texts: string[] = [];
  const runner = {
    $queryRawUnsafe: async <T>(text: string) => {
      texts.push(text);
      return [] as T;
    },
    $executeRawUnsafe: async (text: string) => {
      texts.push(text);
      return 0;
    },
  };
  const client = {
    ...runner,
    _activeProvider: provider,
    $connect: async () => {},
    $transaction: <R>(run: (tx: typeof runner) => Promise<R>) => run(runner),
  };
  return { client, texts };
}

const { client } = noting("postgresql");
const refused = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringMatching(message) });

test("an option that there is none of, or that cannot be, is refused", () => {
  const outboxWith = (options: object) => () => prismaOutbox(client, options as never);
  expect(outboxWith({ tablePrefx: "a" })).toThrow(refused(/Did you mean "tablePrefix"\?/));
  expect(outboxWith({ tablePrefix: "a b" })).toThrow(refused(/tablePrefix/));
  expect(outboxWith({ schema: 'a"b' })).toThrow(refused(/schema/));
  expect(outboxWith({ provider: "oracle" })).toThrow(refused(/provider must be one of/));
  expect(outboxWith({ provider: "mysql" })).toThrow(refused(/the client leads to postgresql/));
  expect(() => prismaOutbox({} as never)).toThrow(refused(/PrismaClient that stays connected/));
});

test("SQLite has no schemas", async () => {
  const outbox = prismaOutbox(noting("sqlite").client, { schema: "main" });
  await expect(outbox.open()).rejects.toEqual(refused(/takes no schema/));
});

test("what is no outbox is refused, and so is a store whose name is too long for a column", () => {
  expect(() => memoryBackend({ outbox: client as never })).toThrow(refused(/prismaOutbox\(prisma\)/));
  const file = `${"ü".repeat(100)}.db`;
  expect(() => sqliteBackend({ file, outbox: prismaOutbox(client) })).toThrow(refused(/longer than 200/));
});

test.each([
  ["postgresql", '"app"."tw_outbox"', "($1, $2, $3), ($4, $5, $6)"],
  ["mysql", "`app`.`tw_outbox`", "(?, ?, ?), (?, ?, ?)"],
])("rows are written into the table of the options, on %s", async (provider, table, places) => {
  const { client: own, texts } = noting(provider);
  const outbox = prismaOutbox(own, { tablePrefix: "tw_", schema: "app", provider: provider as never });
  await add(outbox, own, 2, "x");
  expect(texts).toEqual([`INSERT INTO ${table} (id, destination, task) VALUES ${places}`]);
});

test("a batch that takes several statements is stored whole or not at all", async () => {
  const { client: own, texts } = noting("postgresql");
  await add(prismaOutbox(own), own, 250, "x");
  expect(texts.map((text) => text.split(" ")[0])).toEqual([
    "SAVEPOINT",
    "INSERT",
    "INSERT",
    "INSERT",
    "RELEASE",
  ]);
  texts.length = 0;
  // Each of these is nearly half of what one statement takes.
  await add(prismaOutbox(own), own, 4, "x".repeat(900_000));
  expect(texts.filter((text) => text.startsWith("INSERT"))).toHaveLength(2);
});

async function add(outbox: Outbox, own: PrismaLike, count: number, input: string): Promise<void> {
  const tasks = Array.from({ length: count }, (_, n) => ({ id: `id ${n}`, path: "work", input }) as NewTask);
  await own.$transaction((transaction) => outbox.add({ transaction, destination: "redis:app", tasks }));
}
