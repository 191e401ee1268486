/** A column that a model of Prisma's describes, in the words of MySQL. */
export interface ModelColumn {
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
  /** Its place in the primary key, from 1. */
  readonly key: number | null;
}

/** What stands for numbers that the database gives itself. */
export const NUMBERED = "its own numbers";

const SCALARS: Readonly<Record<string, string>> = { BigInt: "bigint", Int: "int" };

function typeOf(scalar: string, attributes: string): string {
  const [, native, size] = /@db\.(\w+)(\(\d+\))?/.exec(attributes) ?? [];
  const type = native?.toLowerCase() ?? SCALARS[scalar];
  if (type === undefined) throw new Error(`A field of type ${scalar} must say its @db type.`);
  return `${type}${size ?? ""}`;
}

function defaultOf(attributes: string): string | null {
  const [, value] = /@default\((\w+(?:\(\))?)\)/.exec(attributes) ?? [];
  return value === "autoincrement()" ? NUMBERED : (value ?? null);
}

/** Reads the columns of models from their text, by table and name: for MySQL, whose tables Prisma cannot make here. */
export function columnsOfModels(text: string): Readonly<Record<string, ModelColumn>> {
  const columns: Record<string, ModelColumn> = {};
  for (const [, body = ""] of text.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)) {
    const [, table] = /@@map\("(\w+)"\)/.exec(body) ?? [];
    const key = /@@id\(\[([\w, ]+)\]\)/.exec(body)?.[1]?.split(", ") ?? [];
    for (const [, field = "", scalar = "", optional, attributes = ""] of body.matchAll(
      /^ {2}(\w+) +(\w+)(\?)?(.*)$/gm,
    )) {
      const [, name = field] = /@map\("(\w+)"\)/.exec(attributes) ?? [];
      const place = /@id\b/.test(attributes) ? 1 : key.indexOf(field) + 1;
      columns[`${table}.${name}`] = {
        type: typeOf(scalar, attributes),
        nullable: optional === "?",
        default: defaultOf(attributes),
        key: place === 0 ? null : place,
      };
    }
  }
  return columns;
}
