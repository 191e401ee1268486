// The handlers. The `tx` of `invoice` is a transaction of the application's own Prisma client, with its own models.
import { createTaskServer, type TaskServer } from "@taskwright/server";
import { prismaBackend } from "@taskwright/server/prisma";
import type { Database } from "./database.ts";
import { tasks } from "./tasks.ts";

export interface Mailer {
  send(mail: { readonly to: string; readonly text: string }, idempotencyKey: string): Promise<void>;
}

export function createServer(
  { prisma, pool }: Database,
  mailer: Mailer,
  options: { readonly logger?: false } = {},
): TaskServer<typeof tasks> {
  return createTaskServer({
    ...options,
    tasks,
    backend: prismaBackend(prisma, { pool }),
    handlers: {
      billing: {
        invoice: async ({ input: { orderId }, tx, client }) => {
          const order = await tx.order.findUniqueOrThrow({ where: { id: orderId } });
          const text = `${order.customer} owes ${(order.cents / 100).toFixed(2)}`;
          const invoice = await tx.invoice.create({ data: { orderId, text } });
          // Part of the same transaction: no mail without an invoice, no invoice without a mail.
          await client.withTransaction(tx).tasks.billing.mailInvoice.delay({ invoiceId: invoice.id });
          return { invoiceId: invoice.id };
        },
        mailInvoice: async ({ input: { invoiceId }, attempt }) => {
          const where = { id: invoiceId };
          const { text, order } = await prisma.invoice.findUniqueOrThrow({ where, include: { order: true } });
          // Mail is outside of any transaction, so the mailer is told what makes a second try the same mail.
          await mailer.send({ to: order.customer, text }, attempt.id);
        },
      },
    },
  });
}
