import { TaskError } from "@taskwright/shared";

/** What a store that cannot be reached answers. */
export function storeAway(): TaskError {
  return new TaskError({ code: "BACKEND_UNAVAILABLE", message: "away" });
}
