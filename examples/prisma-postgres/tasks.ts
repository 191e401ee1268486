// The contract: which tasks exist, what they take and what they give back.
import { initTasks } from "@taskwright/shared";
import { z } from "zod";

const t = initTasks.create();

export const tasks = t.router({
  billing: t.router({
    /** Writes the invoice and is done in one transaction, so that an order has one invoice whatever crashes. */
    invoice: t.task
      .input(z.object({ orderId: z.int() }))
      .output(z.object({ invoiceId: z.int() }))
      .options({ transaction: true }),
    mailInvoice: t.task.input(z.object({ invoiceId: z.int() })),
  }),
});
