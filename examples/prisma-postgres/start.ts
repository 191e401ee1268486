// `npm start`: places three orders, of which one cannot be served, and lets a worker write and mail the invoices.
import { createWorker } from "@taskwright/server/worker";
import { openDatabase } from "./database.ts";
import { makeTables } from "./make-tables.ts";
import { OutOfStockError, placeOrder } from "./place-order.ts";
import { printingMailer } from "./printing-mailer.ts";
import { createServer } from "./server.ts";
import { databaseUrl } from "./settings.ts";

await using database = openDatabase(databaseUrl());
await makeTables(database);
await using server = createServer(database, printingMailer);

const stock = new Map([
  ["ann@example.com", 3],
  ["bob@example.com", 0],
  ["cy@example.com", 1],
]);
for (const [customer, pieces] of stock) {
  const reserve = async () => {
    if (pieces === 0) throw new OutOfStockError(`nothing left for ${customer}`);
  };
  try {
    const order = { customer, cents: 1999 * pieces };
    const { orderId, invoice } = await placeOrder(database.prisma, server.client, { order, reserve });
    console.log(`order ${orderId} of ${customer} is saved, and its invoice task ${invoice.id}`);
  } catch (error) {
    if (!(error instanceof OutOfStockError)) throw error;
    console.log(`no order and no task: ${error.message}`);
  }
}

// Ends when nothing is left to do.
const worker = createWorker(server, { concurrency: 5, once: true });
await worker.start();
await worker.stopped;
console.log(`${await database.prisma.invoice.count()} invoices are in the database`);
