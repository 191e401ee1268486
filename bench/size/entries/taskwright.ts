import { createTaskClient } from "@taskwright/client";
import type { AnyRouter } from "@taskwright/shared";

export const client = createTaskClient<AnyRouter>({ url: "/trpc" });
