CREATE TABLE "order" (
  "id" SERIAL PRIMARY KEY,
  "customer" TEXT NOT NULL,
  "cents" INTEGER NOT NULL
);

CREATE TABLE "invoice" (
  "id" SERIAL PRIMARY KEY,
  "order_id" INTEGER NOT NULL UNIQUE REFERENCES "order" ("id"),
  "text" TEXT NOT NULL
);
