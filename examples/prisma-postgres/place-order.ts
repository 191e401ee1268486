// An order and its invoice task, in one transaction: both are there, or neither.
import type { ServerTaskClient } from "@taskwright/server";
import type { AsyncResult } from "@taskwright/shared";
import type { PrismaClient } from "./generated/client.ts";
import type { tasks } from "./tasks.ts";

export interface NewOrder {
  readonly customer: string;
  readonly cents: number;
}

export class OutOfStockError extends Error {
  override readonly name = "OutOfStockError";
}

export interface PlacedOrder {
  readonly orderId: number;
  readonly invoice: AsyncResult<{ invoiceId: number }>;
}

/** @param reserve takes the goods from the stock; what it throws undoes the order and its task */
export function placeOrder(
  prisma: PrismaClient,
  client: ServerTaskClient<typeof tasks>,
  { order, reserve }: { readonly order: NewOrder; readonly reserve: () => Promise<void> },
): Promise<PlacedOrder> {
  return client.transaction(prisma, async (tx, client) => {
    const { id: orderId } = await tx.order.create({ data: order });
    const invoice = await client.tasks.billing.invoice.delay({ orderId });
    await reserve();
    return { orderId, invoice };
  });
}
