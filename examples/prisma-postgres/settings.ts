/** Where the database is; says what to set when nobody has said it. */
export function databaseUrl(): string {
  const url = process.env.DATABASE_URL;
  if (url !== undefined && url !== "") return url;
  throw new Error(
    'Set DATABASE_URL to an empty PostgreSQL database, such as "postgresql://me@localhost:5432/shop" (createdb shop).',
  );
}
